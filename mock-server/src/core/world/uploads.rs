//! Files that a business uploaded, to name them in messages.

use super::World;

impl World {
    /// Remembers an upload by its id, and the provider's id of the sender it was made for. The file itself is not kept.
    pub fn keep_upload(&mut self, provider: &str, id: &str, sender: &str) {
        self.uploads.insert(&key(provider, id), sender.to_owned());
    }

    /// The sender for which an upload was made; `None` if it is not known.
    pub fn uploader(&self, provider: &str, id: &str) -> Option<&str> {
        self.uploads.get(&key(provider, id)).map(String::as_str)
    }

    /// Every upload as provider, id and sender, oldest first.
    pub(super) fn uploads(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        self.uploads.iter().map(|(key, sender)| {
            let (provider, id) = key.split_once(' ').unwrap_or((key, ""));
            (provider, id, sender.as_str())
        })
    }
}

fn key(provider: &str, id: &str) -> String {
    format!("{provider} {id}")
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use serde_json::json;

    use super::super::MAX_UPLOADS;
    use super::*;
    use crate::core::simulator::Simulator;
    use crate::simulators;

    #[test]
    fn upload_belongs_to_provider_and_sender_for_10_000_uploads() {
        let mut world = World::seeded(&simulators::all(), false);
        world.keep_upload("gosendapi", "7", "555123456789");
        assert_eq!((world.uploader("gosendapi", "7"), world.uploader("exotel", "7")), (Some("555123456789"), None));
        for number in 1..MAX_UPLOADS {
            world.keep_upload("gosendapi", &format!("x{number}"), "1");
        }
        assert_eq!(world.uploader("gosendapi", "7"), Some("555123456789"));
        world.keep_upload("gosendapi", "one too many", "1");
        assert_eq!((world.uploader("gosendapi", "7"), world.uploads().count()), (None, MAX_UPLOADS));
        assert_eq!(world.uploads().last(), Some(("gosendapi", "one too many", "1")));
    }

    #[test]
    fn uploads_go_out_with_the_state_and_come_back_in_their_order() {
        let mut simulator = Simulator::new(SystemTime::UNIX_EPOCH);
        let before = simulator.export();
        assert!(before.get("media").is_none(), "a state without uploads is as it was before there were any");
        for id in ["9", "7", "8"] {
            simulator.world.keep_upload("gosendapi", id, "555123456789");
        }
        let state = simulator.export();
        let mut other = Simulator::new(SystemTime::UNIX_EPOCH);
        other.import(&state).unwrap();
        assert_eq!(other.export(), state);
        assert_eq!(other.world.uploads().map(|(_, id, _)| id).collect::<Vec<_>>(), ["9", "7", "8"]);
        other.import(&before).unwrap();
        assert_eq!(other.world.uploads().count(), 0);
    }

    #[test]
    fn a_wrong_upload_in_a_state_is_named_and_changes_nothing() {
        let mut simulator = Simulator::new(SystemTime::UNIX_EPOCH);
        simulator.world.keep_upload("gosendapi", "7", "555123456789");
        let good = simulator.export();
        for (member, value, error) in [
            ("provider", json!("twilio"), "`media.uploads[0]`: `provider` is \"twilio\""),
            ("id", json!(7), "`media.uploads[0]`: `id` is 7, expected a string"),
            ("sender", json!(null), "`media.uploads[0]`: `sender` is missing"),
            ("bytes", json!(""), "unknown member `bytes`"),
        ] {
            let mut state = good.clone();
            state["media"]["uploads"][0][member] = value;
            let said = simulator.import(&state).unwrap_err();
            assert!(said.to_string().contains(error), "{said}");
        }
        assert_eq!(simulator.export(), good);
    }
}
