//! Reading one object of a request, with errors that say where they are.

use serde_json::{Map, Value, json};

use super::problem::Problem;
use crate::core::finding::{FindingCollector, Source};
use crate::core::json::{Json, Members, Named as _};

/// An object of the request and its path there, such as `content.text`.
#[derive(Debug, Clone)]
pub(super) struct Part<'a, 'p> {
    path: Path<'p>,
    members: &'a Members<'a>,
    source: Source,
}

/// Where an object stands. It is a text only once somebody asks, for most requests have nothing wrong.
#[derive(Debug, Clone)]
enum Path<'p> {
    /// Empty where the object is the whole message.
    Whole(String),
    Member(&'p Self, &'p str),
}

impl Path<'_> {
    fn text(&self) -> String {
        match self {
            Self::Whole(path) => path.clone(),
            Self::Member(parent, name) => parent.of(name),
        }
    }

    fn of(&self, name: &str) -> String {
        let parent = self.text();
        if parent.is_empty() { name.to_owned() } else { [parent.as_str(), name].join(".") }
    }
}

impl<'a, 'p> Part<'a, 'p> {
    pub(super) fn of(value: &'a Json<'a>, path: impl Into<String>, source: Source) -> Result<Self, Problem> {
        Self::at(value, Path::Whole(path.into()), source)
    }

    fn at(value: &'a Json<'a>, path: Path<'p>, source: Source) -> Result<Self, Problem> {
        let Json::Object(members) = value else {
            let path = path.text();
            let name = if path.is_empty() { "the message" } else { path.as_str() };
            return Err(Problem { source, ..Problem::invalid(format!("{name} is not valid")) });
        };
        Ok(Self { path, members, source })
    }

    /// The same object, to be held against the rules of another page.
    pub(super) fn on(self, source: Source) -> Self {
        Self { source, ..self }
    }

    /// A member that is an object.
    pub(super) fn part<'s>(&'s self, name: &'s str) -> Result<Part<'a, 's>, Problem> {
        Part::at(self.needed(name)?, Path::Member(&self.path, name), self.source)
    }

    /// A member that is an object, if it is there.
    pub(super) fn optional_part<'s>(&'s self, name: &'s str) -> Result<Option<Part<'a, 's>>, Problem> {
        self.get(name).map(|value| Part::at(value, Path::Member(&self.path, name), self.source)).transpose()
    }

    /// A member that is a list, with the path of each item.
    pub(super) fn items(&self, name: &str) -> Result<Vec<(String, &'a Json<'a>)>, Problem> {
        let path = self.path_of(name);
        match self.needed(name)? {
            Json::Array(items) if items.is_empty() => Err(self.missing(name)),
            Json::Array(items) => {
                Ok(items.iter().enumerate().map(|(at, item)| (format!("{path}[{at}]"), item)).collect())
            }
            _ => Err(self.invalid(name)),
        }
    }

    /// As [`items`](Self::items), of a list that may be empty.
    pub(super) fn items_or_none(&self, name: &str) -> Result<Vec<(String, &'a Json<'a>)>, Problem> {
        let is_empty = self.needed(name)?.as_array().is_some_and(<[_]>::is_empty);
        if is_empty { Ok(Vec::new()) } else { self.items(name) }
    }

    pub(super) fn text(&self, name: &str) -> Result<&'a str, Problem> {
        match self.needed(name)? {
            Json::Str(text) if text.is_empty() => Err(self.missing(name)),
            Json::Str(text) => Ok(text),
            _ => Err(self.invalid(name)),
        }
    }

    /// A text of at most so many characters.
    pub(super) fn short_text(&self, name: &str, most: usize) -> Result<&'a str, Problem> {
        let text = self.text(name)?;
        if text.chars().count() > most {
            return Err(self.breaks_rule(format!("{} is longer than {most} characters", self.path_of(name))));
        }
        Ok(text)
    }

    pub(super) fn optional_text(&self, name: &str) -> Result<Option<&'a str>, Problem> {
        match self.get(name) {
            None => Ok(None),
            Some(Json::Str(text)) => Ok(Some(text)),
            Some(_) => Err(self.invalid(name)),
        }
    }

    /// A link: http or https is needed, and https is wanted.
    pub(super) fn link(&self, name: &str, review: &mut FindingCollector) -> Result<&'a str, Problem> {
        let link = self.text(name)?;
        let lower = link.to_ascii_lowercase();
        let path = self.path_of(name);
        if lower.starts_with("http://") {
            if review.must_refuse(format!("`{path}` is http, expected https"), self.source) {
                return Err(self.invalid(name));
            }
        } else if !lower.starts_with("https://") {
            return Err(self.invalid(name));
        }
        Ok(link)
    }

    /// The link of a medium. Source: Message Types (docs): a public https link. Where the answer carries the symbol is not
    /// documented.
    pub(super) fn media_link(&self, name: &str) -> Result<&'a str, Problem> {
        let link = self.text(name)?;
        if link.get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://")) {
            return Ok(link);
        }
        let description = format!("{} is no https link", self.path_of(name));
        Err(Problem { source: self.source, ..Problem::symbol("INVALID_MEDIA_URL", &description) })
    }

    /// A member that is neither absent nor null.
    pub(super) fn get(&self, name: &str) -> Option<&'a Json<'a>> {
        self.members.member(name).filter(|value| !value.is_null())
    }

    pub(super) fn needed(&self, name: &str) -> Result<&'a Json<'a>, Problem> {
        self.get(name).ok_or_else(|| self.missing(name))
    }

    pub(super) fn invalid(&self, name: &str) -> Problem {
        self.breaks_rule(format!("{} is not valid", self.path_of(name)))
    }

    /// Something of this object is there that its page rules out.
    pub(super) fn breaks_rule(&self, description: String) -> Problem {
        Problem { source: self.source, ..Problem::invalid(description) }
    }

    fn missing(&self, name: &str) -> Problem {
        Problem { source: self.source, ..Problem::missing(format!("{} is mandatory", self.path_of(name))) }
    }

    pub(super) fn path_of(&self, name: &str) -> String {
        self.path.of(name)
    }

    /// Remarks on every member beyond the known ones.
    pub(super) fn review_unknown(&self, known: &[&str], review: &mut FindingCollector) {
        for name in self.members.keys().filter(|name| !known.contains(name)) {
            review.tolerated(format!("unknown member `{}`", self.path_of(name)), self.source);
        }
    }
}

/// By link only. Captions belong to images, videos and documents, names to documents.
pub(super) fn media(kind: &str, media: &Part<'_, '_>, review: &mut FindingCollector) -> Result<Value, Problem> {
    let known: &[&str] = match kind {
        "document" => &["link", "caption", "filename"],
        "image" | "video" => &["link", "caption"],
        _ => &["link"],
    };
    media.review_unknown(known, review);
    let mut content = json!({"type": kind, "link": media.media_link("link")?});
    for name in known.iter().skip(1) {
        insert(&mut content, name, media.optional_text(name)?);
    }
    Ok(content)
}

/// Adds a member that is there.
pub(super) fn insert(content: &mut Value, name: &str, value: Option<impl Into<Value>>) {
    if let (Value::Object(content), Some(value)) = (content, value) {
        let content: &mut Map<String, Value> = content;
        content.insert(name.to_owned(), value.into());
    }
}
