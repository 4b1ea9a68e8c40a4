//! The cases that the command line selects.

use transom_conformance::suite::{self, Case};
use transom_conformance::{AdapterUnderTest, adapters};

use crate::args::{Common, ConformArgs};
use crate::output::{Failure, Output};
use crate::target;

/// The cases of the named adapters, or of all adapters, filtered by group and name.
pub(super) fn select(common: &Common, args: &ConformArgs, output: &Output) -> Result<Vec<Case>, Failure> {
    let seed = args.seed.unwrap_or(suite::DEFAULT_SEED);
    let subjects = if args.channels.is_empty() { adapters::ALL.to_vec() } else { named(common, args, output)? };
    let all: Vec<Case> = subjects.into_iter().flat_map(suite::cases).map(|case| case.with_seed(seed)).collect();
    let of_group: Vec<Case> = match &args.group {
        None => all,
        Some(group) => {
            let known = groups(&all);
            if !known.contains(&group.as_str()) {
                return Err(Failure::usage(format!("--group {group}: no such group, known: {}", known.join(", "))));
            }
            all.into_iter().filter(|case| case.group() == group).collect()
        }
    };
    let Some(name) = &args.name else { return Ok(of_group) };
    let wanted = name.trim().to_lowercase().replace(' ', "_");
    if wanted.is_empty() {
        return Err(Failure::usage("--name: expected part of a scenario's name; --list shows all names"));
    }
    // An exact name selects only its own scenario, even if it is part of another name. An id of --list is also accepted.
    let is_whole = of_group.iter().any(|case| case.name() == wanted);
    let fits = |case: &Case| if is_whole { case.name() == wanted } else { case.id().contains(&wanted) };
    let chosen: Vec<Case> = of_group.into_iter().filter(fits).collect();
    if chosen.is_empty() {
        return Err(Failure::usage(format!("--name {name}: no scenario has this in its name; --list shows all names")));
    }
    Ok(chosen)
}

fn groups(cases: &[Case]) -> Vec<&'static str> {
    let mut groups: Vec<&'static str> = cases.iter().map(Case::group).collect();
    groups.dedup();
    groups.sort_unstable();
    groups.dedup();
    groups
}

/// The adapters of the named providers and channels, without repetition.
fn named(common: &Common, args: &ConformArgs, output: &Output) -> Result<Vec<&'static AdapterUnderTest>, Failure> {
    let mut subjects: Vec<&'static AdapterUnderTest> = Vec::new();
    for name in &args.channels {
        let providers = match subject(name) {
            Some(known) => vec![known],
            None => of_channel(common, name, output)?,
        };
        for subject in providers {
            if subjects.iter().all(|known| known.provider.name != subject.provider.name) {
                subjects.push(subject);
            }
        }
    }
    Ok(subjects)
}

fn subject(provider: &str) -> Option<&'static AdapterUnderTest> {
    adapters::ALL.iter().copied().find(|subject| subject.provider.name == provider)
}

/// The adapter of a configured channel, or the adapters of the members of a failover channel.
fn of_channel(common: &Common, name: &str, output: &Output) -> Result<Vec<&'static AdapterUnderTest>, Failure> {
    let common = Common { channel: Some(name.to_owned()), ..common.clone() };
    let known = || adapters::ALL.iter().map(|subject| subject.provider.name).collect::<Vec<_>>().join(", ");
    let configs = target::all(&common, output).map_err(|failure| {
        if common.config.is_some() || name.contains("://") || name.starts_with('@') {
            return failure;
        }
        Failure::usage(format!(
            "--channel {name}: neither a provider ({}) nor a channel of a configuration here",
            known()
        ))
    })?;
    Ok(configs.iter().filter_map(|config| subject(config.provider())).collect())
}
