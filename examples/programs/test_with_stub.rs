//! Tests an application's own code with the stub, which answers from a script and remembers each message.
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use transom::testing::Stub;
use transom::{Client, Error, ErrorKind, Message, Result};

/// The code under test: tells a contact that a parcel leaves, and says what to write into the order.
async fn announce(client: &Client, order: u32) -> Result<&'static str> {
    let text = format!("Your order {order} leaves today.");
    let message = Message::text("+919876543210".parse()?, text).with_reference(format!("order-{order}"));
    match client.send(&message).await {
        Ok(_) => Ok("announced"),
        Err(error) if error.may_have_been_sent() => Ok("unknown"),
        Err(error) if error.kind() == ErrorKind::RecipientInvalid => Ok("no such contact"),
        Err(error) => Err(error),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let stub = Stub::script([
        Ok("m1".to_owned()),
        Err(Error::new(ErrorKind::ProviderUnavailable, "no response").maybe_sent()),
        Err(Error::new(ErrorKind::RecipientInvalid, "not on WhatsApp")),
    ]);
    let client = Client::new(stub.clone());

    for (order, expected) in [(17, "announced"), (18, "unknown"), (19, "no such contact")] {
        let noted = announce(&client, order).await?;
        assert_eq!(noted, expected);
        println!("order {order}: {noted}");
    }
    let references: Vec<_> = stub.sent().into_iter().filter_map(|message| message.reference).collect();
    assert_eq!(references, ["order-17", "order-18", "order-19"]);
    println!("messages sent: {}", references.len());
    Ok(())
}
