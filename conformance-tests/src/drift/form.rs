//! The forms of header values.

/// The form of a header value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Anything.
    Any,
    /// Digits.
    Whole,
    /// Seconds since 1970, as digits.
    UnixSeconds,
    /// A duration as Go prints it: `5m0s`, `3m20s`, `59.5s`.
    Duration,
    /// A quota and its window: `2;w= 300`.
    Policy,
    /// The media type of JSON.
    Json,
}

/// Every form with its name in the fixtures and its description.
const FORMS: &[(&str, Form, &str)] = &[
    ("any", Form::Any, "a value"),
    ("whole", Form::Whole, "a whole number"),
    ("unix_seconds", Form::UnixSeconds, "seconds since 1970"),
    ("duration", Form::Duration, "a duration such as 5m0s"),
    ("policy", Form::Policy, "a quota and its window such as 2;w= 300"),
    ("json", Form::Json, "application/json"),
];

impl Form {
    pub(super) fn named(name: &str) -> Option<Self> {
        FORMS.iter().find(|(known, ..)| *known == name).map(|(_, form, _)| *form)
    }

    pub(super) fn in_words(self) -> &'static str {
        FORMS.iter().find(|(_, form, _)| *form == self).map_or("", |(.., words)| words)
    }

    /// Whether `value` has this form.
    pub(super) fn fits(self, value: &str) -> bool {
        let value = value.trim();
        match self {
            Self::Any => true,
            Self::Whole => is_whole(value),
            Self::UnixSeconds => is_whole(value) && value.len() >= 10,
            Self::Duration => is_duration(value),
            Self::Policy => {
                value.split_once(";w=").is_some_and(|(quota, window)| is_whole(quota.trim()) && is_whole(window.trim()))
            }
            Self::Json => {
                let essence = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
                essence == "application/json" || essence.ends_with("+json")
            }
        }
    }
}

fn is_whole(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_duration(text: &str) -> bool {
    let mut rest = text;
    while !rest.is_empty() {
        let number = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let Some((digits, after)) = rest.split_at_checked(number) else { return false };
        let unit = ["ms", "h", "m", "s"].into_iter().find_map(|unit| after.strip_prefix(unit));
        match unit {
            Some(left) if !digits.is_empty() => rest = left,
            _ => return false,
        }
    }
    !text.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn form_matches_only_values_of_its_form() {
        for (form, fitting, other) in [
            ("whole", ["0", "200", " 7 "].as_slice(), ["", "-1", "1.5", "7s", "2, 2;w=300"].as_slice()),
            ("unix_seconds", &["1770110100"], &["60", "soon", ""]),
            ("duration", &["5m0s", "4m50s", "59.5s", "750ms", "1h0m0s", "0s"], &["300", "", "soon", "5x", "s"]),
            ("policy", &["2;w= 300", "2;w=300"], &["2", "\"default\";q=2;w=300", "w=300", ""]),
            (
                "json",
                &["application/json", "Application/JSON; charset=utf-8", "application/problem+json"],
                &["text/html", ""],
            ),
            ("any", &["", "x"], &[]),
        ] {
            let known = Form::named(form).unwrap();
            assert!(fitting.iter().all(|value| known.fits(value)), "{form}: {fitting:?}");
            assert!(!other.iter().any(|value| known.fits(value)), "{form}: {other:?}");
            assert!(!known.in_words().is_empty());
        }
        assert_eq!(Form::named("soon"), None);
    }
}
