//! Pages of lists.

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};

use super::common::REFERENCE;
use super::refusal::Refusal;
use crate::core::finding::FindingCollector;
use crate::core::request::Query;
use crate::core::response::{json_response, set_header};
use crate::simulators::cloud_api::FieldError;

/// Rows on a page by default, and at the most (API Reference, docs).
const DEFAULT_ROWS: usize = 20;
const MOST_ROWS: usize = 100;

/// Which rows of a list are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Page {
    number: usize,
    rows: usize,
}

impl Page {
    /// Reads `page` and `per_page`. More than a hundred rows are cut to a hundred (inferred: the page states the limit,
    /// not what happens beyond it).
    pub(super) fn of(request: &Request<Bytes>, review: &mut FindingCollector) -> Result<Self, Refusal> {
        let query = Query::of(request);
        let number = positive(&query, "page", 1)?;
        let rows = positive(&query, "per_page", DEFAULT_ROWS)?;
        if rows > MOST_ROWS {
            review.tolerated("`per_page` is over 100 and is cut", REFERENCE);
        }
        Ok(Self { number, rows: rows.min(MOST_ROWS) })
    }

    /// The rows of this page out of all `rows`, with the headers that tell where it stands.
    pub(super) fn print(self, rows: Vec<Value>) -> Response<Bytes> {
        self.print_with(rows.into_iter(), |row| row)
    }

    /// As [`print`](Self::print), for many rows: only those of this page are printed.
    pub(super) fn print_with<T>(self, rows: impl Iterator<Item = T>, print: impl Fn(T) -> Value) -> Response<Bytes> {
        let skip = self.rows.saturating_mul(self.number - 1);
        let page = skip..skip.saturating_add(self.rows);
        let (mut data, mut total) = (Vec::new(), 0);
        for row in rows {
            if page.contains(&total) {
                data.push(print(row));
            }
            total += 1;
        }
        let mut response = json_response(200, &json!({ "data": data }));
        set_header(&mut response, "x-total-count", total);
        set_header(&mut response, "x-page", self.number);
        set_header(&mut response, "x-per-page", self.rows);
        response
    }
}

fn positive(query: &Query, name: &str, default: usize) -> Result<usize, Refusal> {
    match query.get(name).map(str::parse) {
        None => Ok(default),
        Some(Ok(number)) if number > 0 => Ok(number),
        Some(_) => Err(Refusal::flaw(&FieldError::wrong(name, "must be a positive integer"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(query: &str) -> Result<Page, Refusal> {
        let request = Request::get(format!("/v1/messages?{query}")).body(Bytes::new()).unwrap();
        Page::of(&request, &mut FindingCollector::new(false))
    }

    #[test]
    fn a_page_has_twenty_rows_unless_it_is_told_otherwise() {
        assert_eq!(page("").unwrap(), Page { number: 1, rows: 20 });
        assert_eq!(page("page=3&per_page=100").unwrap(), Page { number: 3, rows: 100 });
        assert_eq!(page("per_page=101").unwrap(), Page { number: 1, rows: 100 });
    }

    #[test]
    fn page_nought_and_words_are_refused() {
        for query in ["page=0", "page=x", "per_page=-1", "per_page="] {
            assert!(page(query).is_err(), "{query}");
        }
    }

    #[test]
    fn the_last_page_is_short_and_the_one_after_it_empty() {
        let rows: Vec<Value> = (0..5).map(Value::from).collect();
        let body = |number| Page { number, rows: 2 }.print(rows.clone()).into_body();
        assert_eq!(body(3), r#"{"data":[4]}"#);
        assert_eq!(body(4), r#"{"data":[]}"#);
        assert_eq!(Page { number: usize::MAX, rows: 2 }.print(rows.clone()).headers()["x-total-count"], "5");
    }
}
