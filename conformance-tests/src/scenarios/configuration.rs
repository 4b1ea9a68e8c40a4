//! One channel, written in three ways, and everything that can be wrong with it.

use std::path::Path;

use serde_json::Value;
use transom::config::{ChannelConfig, ConfigFile, Env, process_env};
use transom::{Client, ErrorKind, Messenger as _, Sent};

use crate::check::{Broken, Check, accepted, ensure, equal, failed, told};
use crate::stage::{Stage, text};

scenarios! { "configuration":
    a_table_and_a_uri_are_the_same_channel needs Text;
    a_secret_may_come_from_the_environment_or_a_file needs Text;
    a_missing_secret_is_named_with_its_variable;
    an_unknown_key_is_named_with_the_known_ones;
    every_problem_is_reported_at_once;
    a_bad_value_is_named_with_what_was_expected;
    plain_http_to_another_machine_needs_leave;
    a_credential_in_the_base_url_is_refused;
    an_unknown_provider_is_named_with_the_known_ones;
    a_file_can_be_checked_without_its_secrets;
    /// A slash at its end, capitals in its host: the same place.
    a_base_url_means_the_same_however_it_is_written needs Text;
    every_window_policy_that_is_documented_can_be_configured;
    two_channels_of_one_provider_know_nothing_of_each_other needs Text;
}

/// The channel's table, with the mock as its host.
fn table(stage: &Stage, more: &str) -> String {
    format!(
        "[channels.subject]\nprovider = \"{}\"\nbase_url = \"{}\"\n{}\n{more}\n",
        stage.provider(),
        stage.url(),
        stage.subject.table
    )
}

fn parse(stage: &Stage, text: &str, env: &Env) -> Result<ChannelConfig, transom::Error> {
    let mut file = ConfigFile::parse(text, Path::new(""), stage.registry().providers(), env)?;
    let missing = || transom::Error::new(ErrorKind::Config, "no such channel");
    file.channels.remove("subject").ok_or_else(missing)
}

/// The problems of a channel whose table is this.
fn problems(stage: &Stage, text: &str) -> Result<Vec<String>, Broken> {
    let answer = parse(stage, text, &process_env()).and_then(|config| stage.registry().connect(&config));
    match answer {
        Ok(_) => Err("expected the configuration to be refused".into()),
        Err(error) => {
            equal("the kind", &error.kind(), &ErrorKind::Config)?;
            Ok(error.problems().to_vec())
        }
    }
}

/// The form of the one request that a text makes, without what differs from send to send.
async fn request_of(stage: &Stage, client: &Client) -> Result<(Value, Value, Value), Broken> {
    accepted(client.send(&text().with_reference("order-17")).await)?;
    let request = stage.sends().await?.pop().ok_or("no request was made")?;
    Ok((request["method"].clone(), request["path"].clone(), request["body"].clone()))
}

async fn a_table_and_a_uri_are_the_same_channel(stage: &Stage) -> Check {
    stage.contact_writes().await?;
    let by_uri = request_of(stage, &stage.client).await?;
    let config = parse(stage, &table(stage, ""), &process_env()).map_err(told)?;
    let by_table = request_of(stage, &stage.connect(&config)?).await?;
    equal("the request", &by_table, &by_uri)?;
    let uri = stage.subject.uri.replace("{host}", stage.url().trim_start_matches("http://"));
    let config = parse(stage, &format!("[channels.subject]\nurl = \"{uri}\""), &process_env()).map_err(told)?;
    equal("the request", &request_of(stage, &stage.connect(&config)?).await?, &by_uri)
}

async fn a_secret_may_come_from_the_environment_or_a_file(stage: &Stage) -> Check {
    stage.contact_writes().await?;
    let env: Env = std::sync::Arc::new(|name| (name == "TRANSOM_TEST_KEY").then(|| "canary-key\n".to_owned()));
    let text = table(stage, "").replace("api_key = \"canary-key\"", "api_key = { env = \"TRANSOM_TEST_KEY\" }");
    ensure(text.contains("TRANSOM_TEST_KEY"), "the subject's table has the key `canary-key`")?;
    let config = parse(stage, &text, &env).map_err(told)?;
    request_of(stage, &stage.connect(&config)?).await?;

    let file = std::env::temp_dir().join(format!("transom-conformance-{}-{}", std::process::id(), stage.provider()));
    std::fs::write(&file, "canary-key\n").map_err(told)?;
    let text = text.replace("env = \"TRANSOM_TEST_KEY\"", &format!("file = {:?}", file.display().to_string()));
    let sent = match parse(stage, &text, &env).and_then(|config| stage.registry().connect(&config)) {
        Ok(client) => request_of(stage, &client).await.map(drop),
        Err(error) => Err(told(error)),
    };
    std::fs::remove_file(&file).map_err(told)?;
    sent
}

async fn a_missing_secret_is_named_with_its_variable(stage: &Stage) -> Check {
    let text = table(stage, "").replace("api_key = \"canary-key\"", "api_key = { env = \"TRANSOM_NOT_SET_ANYWHERE\" }");
    let problems = problems(stage, &text)?;
    equal("problems", &problems.len(), &1)?;
    for part in ["`subject`", "api_key", "`TRANSOM_NOT_SET_ANYWHERE`"] {
        ensure(problems.iter().all(|line| line.contains(part)), format_args!("no {part} in {problems:?}"))?;
    }
    Ok(())
}

async fn an_unknown_key_is_named_with_the_known_ones(stage: &Stage) -> Check {
    let problems = problems(stage, &table(stage, "api_kee = \"x\""))?;
    equal("problems", &problems.len(), &1)?;
    for part in ["`subject`", "`api_kee`", "`api_key`", "`base_url`"] {
        ensure(problems.iter().all(|line| line.contains(part)), format_args!("no {part} in {problems:?}"))?;
    }
    Ok(())
}

async fn every_problem_is_reported_at_once(stage: &Stage) -> Check {
    let text = format!(
        "[channels.subject]\nprovider = \"{}\"\ntimeout = \"soon\"\nwindow_policy = \"never\"\nbogus = 1\n",
        stage.provider()
    );
    let problems = problems(stage, &text)?;
    for part in ["timeout", "window_policy", "bogus", "missing"] {
        ensure(problems.iter().any(|line| line.contains(part)), format_args!("no line about {part} in {problems:?}"))?;
    }
    Ok(())
}

async fn a_bad_value_is_named_with_what_was_expected(stage: &Stage) -> Check {
    for (line, expected) in [
        ("timeout = 60", "such as \"60s\""),
        ("timeout = \"0s\"", "1ms"),
        ("window_policy = \"strikt\"", "`strict`"),
        ("probe = \"yes\"", "true or false"),
        ("templates = 3", "expected a table"),
        ("[channels.subject.templates]\nvisit = { idd = 3 }", "`idd`"),
        ("webhook_secret = []", "[new, old]"),
    ] {
        let problems = problems(stage, &table(stage, line))?;
        ensure(
            problems.len() == 1 && problems.iter().all(|p| p.contains(expected)),
            format_args!("{line}: {problems:?}"),
        )?;
    }
    Ok(())
}

async fn plain_http_to_another_machine_needs_leave(stage: &Stage) -> Check {
    let text = table(stage, "").replace(&stage.url(), "http://api.example.com");
    let problems = problems(stage, &text)?;
    ensure(problems.iter().any(|line| line.contains("insecure")), format_args!("{problems:?}"))?;
    let config = parse(stage, &format!("{text}insecure = true\n"), &process_env()).map_err(told)?;
    stage.connect(&config).map(drop)
}

async fn a_credential_in_the_base_url_is_refused(stage: &Stage) -> Check {
    let problems = problems(stage, &table(stage, "").replace("http://", "http://canary:canary@"))?;
    ensure(problems.iter().any(|line| line.contains("base_url")), format_args!("{problems:?}"))?;
    ensure(!problems.iter().any(|line| line.contains("canary")), format_args!("the credential is shown: {problems:?}"))
}

async fn an_unknown_provider_is_named_with_the_known_ones(stage: &Stage) -> Check {
    let known = format!("provider = \"{}\"", stage.provider());
    let problems = problems(stage, &table(stage, "").replace(&known, "provider = \"nosuchprovider\""))?;
    ensure(
        problems.iter().any(|line| line.contains("`nosuchprovider`") && line.contains(stage.provider())),
        format_args!("{problems:?}"),
    )?;
    match ChannelConfig::from_uri(
        "subject",
        "nosuchprovider://canary@default",
        stage.registry().providers(),
        process_env(),
    ) {
        Err(error) => ensure(!error.to_string().contains("canary"), format_args!("the credential is shown: {error}")),
        Ok(_) => Err("expected the URI to be refused".into()),
    }
}

async fn a_file_can_be_checked_without_its_secrets(stage: &Stage) -> Check {
    let text = table(stage, "").replace("\"canary-key\"", "{ env = \"TRANSOM_NOT_SET_ANYWHERE\" }");
    let read =
        |text: &str| ConfigFile::parse(text, Path::new(""), stage.registry().providers(), &process_env()).map_err(told);
    stage.registry().check(&read(&text)?).map_err(told)?;
    let bad = read(&format!("{text}bogus = 1\n"))?;
    ensure(stage.registry().check(&bad).is_err(), "an unknown key is found without the secrets")
}

async fn a_base_url_means_the_same_however_it_is_written(stage: &Stage) -> Check {
    stage.contact_writes().await?;
    let by_uri = request_of(stage, &stage.client).await?;
    for url in [format!("{}/", stage.url()), stage.url().replace("http://", "HTTP://")] {
        let client = stage.connect(&stage.config()?.with("base_url", url.as_str()))?;
        equal("the request", &request_of(stage, &client).await?, &by_uri).map_err(|broken| broken.at(&url))?;
    }
    Ok(())
}

async fn every_window_policy_that_is_documented_can_be_configured(stage: &Stage) -> Check {
    for policy in ["template_if_closed", "strict", "provider_decides", "always_template"] {
        stage.connect(&stage.config()?.with("window_policy", policy)).map_err(|broken| broken.at(policy))?;
    }
    Ok(())
}

async fn two_channels_of_one_provider_know_nothing_of_each_other(stage: &Stage) -> Check {
    stage.contact_writes().await?;
    let stranger = stage.connect(&stage.config_of(stage.subject.uri_with_bad_credential)?)?;
    for _ in 0..2 {
        failed(stranger.send(&text()).await, ErrorKind::Unauthenticated, Sent::No)?;
        accepted(stage.send(&text()).await)?;
    }
    stage.reached(2).await
}
