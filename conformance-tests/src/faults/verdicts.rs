//! The verdicts of the answer rows as the tables of `docs/verdicts.md`.

use std::fmt::Write as _;
use std::path::Path;

use super::answers::case::Expect;
use super::answers::declared::{DECLARED, Declared};
use super::profile::{self, FaultProfile};
use super::row::{Plan, Row};
use super::rows;
use super::summary::{Cell, Summary, Verdicts};

const BEGIN: &str = "<!-- verdicts -->\n";
const END: &str = "<!-- /verdicts -->";

/// Set, the tables are written into the page.
const UPDATE: &str = "TRANSOM_UPDATE_VERDICTS";

/// Compares the tables with those in `page`. Does nothing after a run that left out an answer row.
///
/// # Errors
/// If the page has other tables or cannot be read.
pub(crate) fn compare(summary: &Summary, page: &Path) -> Result<(), String> {
    let Some(tables) = tables(summary) else { return Ok(()) };
    let name = page.display();
    let text = std::fs::read_to_string(page).map_err(|error| format!("{name}: {error}"))?;
    let parts = text.split_once(BEGIN).and_then(|(head, rest)| Some((head, rest.split_once(END)?)));
    match parts {
        Some((_, (found, _))) if found == tables => Ok(()),
        Some((head, (_, tail))) if std::env::var_os(UPDATE).is_some() => {
            let text = format!("{head}{BEGIN}{tables}{END}{tail}");
            std::fs::write(page, text).map_err(|error| format!("{name}: {error}"))
        }
        Some(_) => Err(format!("{name} has other verdicts than this run. With {UPDATE}=1 the test writes them")),
        None => Err(format!("{name}: expected a line `{}` and a line `{END}`", BEGIN.trim_end())),
    }
}

/// The tables; `None` if not every answer row was played for every adapter.
pub(crate) fn tables(summary: &Summary) -> Option<String> {
    let row = |first: &str, cells: Vec<String>| format!("| {first} | {} |\n", cells.join(" | "));
    let all = || profile::ALL.iter().copied();
    let mut text = row("answers", all().map(|profile| profile.name().to_owned()).collect());
    text += &row("---", all().map(|_| "---".to_owned()).collect());
    let mut totals = vec![Verdicts::default(); profile::ALL.len()];
    for answers in rows::all().filter(|row| matches!(row.plan, Plan::Answers(_))) {
        let mut cells = Vec::new();
        for (profile, total) in all().zip(&mut totals) {
            let Cell { verdicts, .. } = summary.cell(answers.id, profile.name())?;
            total.add(verdicts);
            cells.push(verdicts.to_string());
        }
        text += &row(&format!("{}: {}", answers.id, answers.fault), cells);
    }
    text += &row("all", totals.iter().map(ToString::to_string).collect());
    text += "\n| provider | state beside an id | the page says | source | answers |\n| --- | --- | --- | --- | --- |\n";
    for line in DECLARED {
        let count: usize = all().map(|profile| played(profile, line)).sum();
        let Declared { provider, place, word, says, source } = line;
        // Writing to a String cannot fail.
        let _ = writeln!(text, "| {provider} | `{word}` at `{place}` | {says} | {source} | {count} |");
    }
    Some(text)
}

/// How many answers name a message and have this word.
fn played(profile: &'static FaultProfile, line: &Declared) -> usize {
    let answers = rows::all().filter_map(|Row { plan, .. }| match plan {
        Plan::Answers(cases) => Some(cases(profile)),
        _ => None,
    });
    let is_it = |word: Option<&'static Declared>| word.is_some_and(|word| word.word == line.word);
    let of =
        |body: &[u8]| serde_json::from_slice(body).ok().and_then(|body| super::answers::declared::find(profile, &body));
    answers.flatten().filter(|case| matches!(case.expect, Expect::Declared) && is_it(of(&case.answer.body))).count()
}
