//! Parts that several pages and sections share.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::evidence::RequirementLevel;

const STYLE: &str = include_str!("style.css");

/// The frame of the page.
pub(super) struct Page {
    pub(super) kicker: &'static str,
    pub(super) well: bool,
    pub(super) headline: String,
    pub(super) circumstances: String,
    /// The ids of the sections with their titles.
    pub(super) sections: Vec<(&'static str, &'static str)>,
}

impl Page {
    pub(super) fn around(&self, sections: &Markup) -> String {
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { (self.kicker) ": " (self.headline) }
                    style { (PreEscaped(STYLE)) }
                }
                body {
                    header.top {
                        p.kicker { (self.kicker) }
                        h1.bad[!self.well] { (mark(self.well)) " " (self.headline) }
                        p.facts { (self.circumstances) }
                    }
                    nav aria-label="Sections" {
                        @for (id, words) in &self.sections { a href={ "#" (id) } { (words) } }
                    }
                    main { (sections) }
                }
            }
        };
        page.into_string()
    }
}

/// Formats an RFC 3339 time as `2026-05-11 09:20 UTC`.
pub(super) fn minute(time: &str) -> String {
    time.get(..16).map_or_else(|| time.to_owned(), |minute| minute.replace('T', " ") + " UTC")
}

#[allow(clippy::cast_precision_loss, reason = "for people, to a tenth of a second")]
pub(super) fn seconds(milliseconds: u64) -> f64 {
    milliseconds as f64 / 1_000.0
}

/// A symbol, so that the verdict does not depend on colour.
pub(super) const fn mark(well: bool) -> &'static str {
    if well { "✔" } else { "✘" }
}

/// How binding a fact is, and its certainty.
pub(super) fn badge(certainty: &str) -> Markup {
    html! { span class={ "badge " (certainty) } { b { (RequirementLevel::of(certainty).as_str()) } " " (certainty) } }
}
