//! Configuration of a channel, and its errors.

use std::path::Path;

use serde_json::Value;
use transom::config::{ChannelConfig, ConfigFile, Env, process_env};
use transom::{Client, ErrorKind, Sent};

use crate::assertions::{Check, Failure, accepted, ensure, equal, failed, unexpected};
use crate::harness::{Harness, text};

scenarios! { "configuration":
    table_and_uri_configure_same_channel "A TOML table, a `url` in a table, and a URI make the same request."
        needs Text;
    secret_is_read_from_environment_or_file "A secret can come from an environment variable or a file."
        needs Text;
    missing_secret_error_names_variable "The error about a missing secret names channel, key and variable.";
    unknown_key_error_lists_known_keys "The error about an unknown key names the key and lists the known ones.";
    all_problems_are_reported_at_once "All problems of a channel are reported at once, one line each.";
    bad_value_error_names_expected_value "The error about a bad value names the expected value.";
    plain_http_to_other_host_needs_insecure "Plain HTTP to another machine is refused unless `insecure` is set.";
    credential_in_base_url_is_refused "A credential in the base URL is refused, and the error does not show it.";
    unknown_provider_error_lists_known_ones "The error about an unknown provider names it, lists the known ones, and shows no credential of a URI.";
    file_is_checked_without_secrets "A configuration file can be checked without its secrets.";
    base_url_spellings_mean_the_same "A base URL with a trailing slash or an upper-case scheme makes the same request."
        needs Text;
    every_window_policy_can_be_configured "Every documented `window_policy` can be configured.";
    channels_of_one_provider_are_independent "A rejected credential of one channel does not affect another channel of the same provider."
        needs Text;
}

/// The channel's table, with the mock as its host.
fn table(harness: &Harness, more: &str) -> String {
    format!(
        "[channels.adapter]\nprovider = \"{}\"\nbase_url = \"{}\"\n{}\n{more}\n",
        harness.provider(),
        harness.url(),
        harness.adapter.table
    )
}

fn parse(harness: &Harness, text: &str, env: &Env) -> Result<ChannelConfig, transom::Error> {
    let mut file = ConfigFile::parse(text, Path::new(""), harness.registry().providers(), env)?;
    let missing = || transom::Error::new(ErrorKind::Config, "no such channel");
    file.channels.remove("adapter").ok_or_else(missing)
}

/// The problems of a channel whose table is this.
fn problems(harness: &Harness, text: &str) -> Result<Vec<String>, Failure> {
    let answer = parse(harness, text, &process_env()).and_then(|config| harness.registry().connect(&config));
    match answer {
        Ok(_) => Err("expected the configuration to be refused".into()),
        Err(error) => {
            equal("the kind", &error.kind(), &ErrorKind::Config)?;
            Ok(error.problems().to_vec())
        }
    }
}

/// The one request of a text, without the parts that differ between sends.
async fn request_of(harness: &Harness, client: &Client) -> Result<(Value, Value, Value), Failure> {
    accepted(client.send(&text().with_reference("order-17")).await)?;
    let request = harness.sends().await?.pop().ok_or("no request was made")?;
    Ok((request["method"].clone(), request["path"].clone(), request["body"].clone()))
}

async fn table_and_uri_configure_same_channel(harness: &Harness) -> Check {
    harness.contact_writes().await?;
    let by_uri = request_of(harness, &harness.client).await?;
    let config = parse(harness, &table(harness, ""), &process_env()).map_err(unexpected)?;
    let by_table = request_of(harness, &harness.connect(&config)?).await?;
    equal("the request", &by_table, &by_uri)?;
    let uri = harness.adapter.uri.replace("{host}", harness.url().trim_start_matches("http://"));
    let config = parse(harness, &format!("[channels.adapter]\nurl = \"{uri}\""), &process_env()).map_err(unexpected)?;
    equal("the request", &request_of(harness, &harness.connect(&config)?).await?, &by_uri)
}

async fn secret_is_read_from_environment_or_file(harness: &Harness) -> Check {
    harness.contact_writes().await?;
    let env: Env = std::sync::Arc::new(|name| (name == "TRANSOM_TEST_KEY").then(|| "canary-key\n".to_owned()));
    let text = table(harness, "").replace("api_key = \"canary-key\"", "api_key = { env = \"TRANSOM_TEST_KEY\" }");
    ensure(text.contains("TRANSOM_TEST_KEY"), "the adapter's table has the key `canary-key`")?;
    let config = parse(harness, &text, &env).map_err(unexpected)?;
    request_of(harness, &harness.connect(&config)?).await?;

    let file = std::env::temp_dir().join(format!("transom-conformance-{}-{}", std::process::id(), harness.provider()));
    std::fs::write(&file, "canary-key\n").map_err(unexpected)?;
    let text = text.replace("env = \"TRANSOM_TEST_KEY\"", &format!("file = {:?}", file.display().to_string()));
    let sent = match parse(harness, &text, &env).and_then(|config| harness.registry().connect(&config)) {
        Ok(client) => request_of(harness, &client).await.map(drop),
        Err(error) => Err(unexpected(error)),
    };
    std::fs::remove_file(&file).map_err(unexpected)?;
    sent
}

async fn missing_secret_error_names_variable(harness: &Harness) -> Check {
    let text =
        table(harness, "").replace("api_key = \"canary-key\"", "api_key = { env = \"TRANSOM_NOT_SET_ANYWHERE\" }");
    let problems = problems(harness, &text)?;
    equal("problems", &problems.len(), &1)?;
    for part in ["`adapter`", "api_key", "`TRANSOM_NOT_SET_ANYWHERE`"] {
        ensure(problems.iter().all(|line| line.contains(part)), format_args!("no {part} in {problems:?}"))?;
    }
    Ok(())
}

async fn unknown_key_error_lists_known_keys(harness: &Harness) -> Check {
    let problems = problems(harness, &table(harness, "api_kee = \"x\""))?;
    equal("problems", &problems.len(), &1)?;
    for part in ["`adapter`", "`api_kee`", "`api_key`", "`base_url`"] {
        ensure(problems.iter().all(|line| line.contains(part)), format_args!("no {part} in {problems:?}"))?;
    }
    Ok(())
}

async fn all_problems_are_reported_at_once(harness: &Harness) -> Check {
    let text = format!(
        "[channels.adapter]\nprovider = \"{}\"\ntimeout = \"soon\"\nwindow_policy = \"never\"\nbogus = 1\n",
        harness.provider()
    );
    let problems = problems(harness, &text)?;
    for part in ["timeout", "window_policy", "bogus", "missing"] {
        ensure(problems.iter().any(|line| line.contains(part)), format_args!("no line about {part} in {problems:?}"))?;
    }
    Ok(())
}

async fn bad_value_error_names_expected_value(harness: &Harness) -> Check {
    for (line, expected) in [
        ("timeout = 60", "such as \"60s\""),
        ("timeout = \"0s\"", "1ms"),
        ("window_policy = \"strikt\"", "`strict`"),
        ("probe = \"yes\"", "true or false"),
        ("templates = 3", "expected a table"),
        ("[channels.adapter.templates]\nvisit = { idd = 3 }", "`idd`"),
        ("webhook_secret = []", "[new, old]"),
    ] {
        let problems = problems(harness, &table(harness, line))?;
        ensure(
            problems.len() == 1 && problems.iter().all(|p| p.contains(expected)),
            format_args!("{line}: {problems:?}"),
        )?;
    }
    Ok(())
}

async fn plain_http_to_other_host_needs_insecure(harness: &Harness) -> Check {
    let text = table(harness, "").replace(&harness.url(), "http://api.example.com");
    let problems = problems(harness, &text)?;
    ensure(problems.iter().any(|line| line.contains("insecure")), format_args!("{problems:?}"))?;
    let config = parse(harness, &format!("{text}insecure = true\n"), &process_env()).map_err(unexpected)?;
    harness.connect(&config).map(drop)
}

async fn credential_in_base_url_is_refused(harness: &Harness) -> Check {
    let problems = problems(harness, &table(harness, "").replace("http://", "http://canary:canary@"))?;
    ensure(problems.iter().any(|line| line.contains("base_url")), format_args!("{problems:?}"))?;
    ensure(!problems.iter().any(|line| line.contains("canary")), format_args!("the credential is shown: {problems:?}"))
}

async fn unknown_provider_error_lists_known_ones(harness: &Harness) -> Check {
    let known = format!("provider = \"{}\"", harness.provider());
    let problems = problems(harness, &table(harness, "").replace(&known, "provider = \"nosuchprovider\""))?;
    ensure(
        problems.iter().any(|line| line.contains("`nosuchprovider`") && line.contains(harness.provider())),
        format_args!("{problems:?}"),
    )?;
    match ChannelConfig::from_uri(
        "adapter",
        "nosuchprovider://canary@default",
        harness.registry().providers(),
        process_env(),
    ) {
        Err(error) => ensure(!error.to_string().contains("canary"), format_args!("the credential is shown: {error}")),
        Ok(_) => Err("expected the URI to be refused".into()),
    }
}

async fn file_is_checked_without_secrets(harness: &Harness) -> Check {
    let text = table(harness, "").replace("\"canary-key\"", "{ env = \"TRANSOM_NOT_SET_ANYWHERE\" }");
    let read = |text: &str| {
        ConfigFile::parse(text, Path::new(""), harness.registry().providers(), &process_env()).map_err(unexpected)
    };
    harness.registry().check(&read(&text)?).map_err(unexpected)?;
    let bad = read(&format!("{text}bogus = 1\n"))?;
    ensure(harness.registry().check(&bad).is_err(), "an unknown key is found without the secrets")
}

async fn base_url_spellings_mean_the_same(harness: &Harness) -> Check {
    harness.contact_writes().await?;
    let by_uri = request_of(harness, &harness.client).await?;
    for url in [format!("{}/", harness.url()), harness.url().replace("http://", "HTTP://")] {
        let client = harness.connect(&harness.config()?.with_value("base_url", url.as_str()))?;
        equal("the request", &request_of(harness, &client).await?, &by_uri).map_err(|failure| failure.at(&url))?;
    }
    Ok(())
}

async fn every_window_policy_can_be_configured(harness: &Harness) -> Check {
    for policy in ["template_if_closed", "strict", "provider_decides", "always_template"] {
        harness
            .connect(&harness.config()?.with_value("window_policy", policy))
            .map_err(|failure| failure.at(policy))?;
    }
    Ok(())
}

async fn channels_of_one_provider_are_independent(harness: &Harness) -> Check {
    harness.contact_writes().await?;
    let stranger = harness.connect(&harness.config_of(harness.adapter.uri_with_bad_credential)?)?;
    for _ in 0..2 {
        failed(stranger.send(&text()).await, ErrorKind::Unauthenticated, Sent::No)?;
        accepted(harness.send(&text()).await)?;
    }
    harness.reached(2).await
}
