//! Locations.

use serde_json::{Map, Value};

use super::{FieldError, FieldReader, join, optional_text, put_text};
use crate::core::json::{Json, Members, Named as _};

/// Reads a location. Coordinates are numbers or numbers written as text: Meta's page types them as text while its
/// samples, and those of the providers, use numbers.
pub(crate) fn location(form: &mut FieldReader, value: Option<&Json<'_>>, field: &str) -> Result<Value, FieldError> {
    let members = form.object(value, field, &["latitude", "longitude", "name", "address"])?;
    let mut content = Map::new();
    content.insert("type".to_owned(), Value::from("location"));
    content.insert("latitude".to_owned(), degrees(members, field, "latitude", 90.0)?);
    content.insert("longitude".to_owned(), degrees(members, field, "longitude", 180.0)?);
    for name in ["name", "address"] {
        put_text(&mut content, name, optional_text(members, field, name, usize::MAX)?);
    }
    Ok(Value::Object(content))
}

/// A coordinate of at most `most` degrees either way.
fn degrees(members: &Members<'_>, field: &str, name: &str, most: f64) -> Result<Value, FieldError> {
    let degrees = match members.member(name) {
        None | Some(Json::Null) => return Err(FieldError::missing(join(field, name))),
        Some(Json::Number(number)) => number.as_f64(),
        Some(Json::Str(text)) => text.parse::<f64>().ok(),
        Some(_) => None,
    };
    degrees
        .filter(|degrees| degrees.abs() <= most)
        .map(Value::from)
        .ok_or_else(|| FieldError::wrong(join(field, name), format!("must be a number from -{most} to {most}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(value: &Value) -> Result<Value, FieldError> {
        location(&mut FieldReader::default(), Some(&Json::from(value)), "location")
    }

    #[test]
    fn coordinates_may_be_written_as_text() {
        let content = read(&json!({"latitude": "41.5", "longitude": -2, "name": "Shop"})).unwrap();
        assert_eq!(content, json!({"type": "location", "latitude": 41.5, "longitude": -2.0, "name": "Shop"}));
    }

    #[test]
    fn a_latitude_over_ninety_degrees_is_wrong() {
        assert_eq!(read(&json!({"latitude": 90.01, "longitude": 0})).unwrap_err().field, "location.latitude");
        assert!(read(&json!({"latitude": 90, "longitude": 180})).is_ok());
    }

    #[test]
    fn words_are_no_coordinate() {
        assert!(!read(&json!({"latitude": "NaN", "longitude": 0})).unwrap_err().missing);
        assert!(read(&json!({"longitude": 0})).unwrap_err().missing);
    }
}
