//! The spellings of one number.

use super::PhoneNumber;

/// All spellings of one number in E.164, `number` itself first.
///
/// Some countries changed the form of their mobile numbers, and WhatsApp and its providers keep the old one, the new one,
/// or both: Mexico `52` and `521`, Argentina `54` and `549`, Brazil with and without the ninth digit (field).
///
/// ```
/// let phone: transom::PhoneNumber = "+541145678901".parse()?;
/// let spellings: Vec<String> = transom::phone::variants(&phone).iter().map(ToString::to_string).collect();
/// assert_eq!(spellings, ["+541145678901", "+5491145678901"]);
/// # Ok::<(), transom::Error>(())
/// ```
pub fn variants(number: &PhoneNumber) -> Vec<PhoneNumber> {
    let other = other_spelling(number.digits()).map(|digits| PhoneNumber(format!("+{digits}")));
    std::iter::once(number.clone()).chain(other).collect()
}

/// The digits of the other spelling, where there is one.
fn other_spelling(digits: &str) -> Option<String> {
    let (country, national) = digits.split_at_checked(2)?;
    match (country, national.len()) {
        ("52", 10) if !national.starts_with(['0', '1']) => Some(format!("521{national}")),
        ("52", 11) => Some(format!("52{}", national.strip_prefix('1')?)),
        ("54", 10) if national.starts_with(['1', '2', '3']) => Some(format!("549{national}")),
        ("54", 11) => {
            let rest = national.strip_prefix('9')?;
            rest.starts_with(['1', '2', '3']).then(|| format!("54{rest}"))
        }
        ("55", 10 | 11) => brazilian(national),
        _ => None,
    }
}

/// A Brazilian mobile number with the other number of digits. Only a landline has 2 to 5 behind the area code.
fn brazilian(national: &str) -> Option<String> {
    let (area, subscriber) = national.split_at_checked(2)?;
    let is_old_mobile = |text: &str| text.len() == 8 && text.starts_with(['6', '7', '8', '9']);
    if area.contains('0') {
        None
    } else if is_old_mobile(subscriber) {
        Some(format!("55{area}9{subscriber}"))
    } else {
        let old = subscriber.strip_prefix('9').filter(|old| is_old_mobile(old))?;
        Some(format!("55{area}{old}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spellings(text: &str) -> Vec<String> {
        variants(&text.parse().unwrap()).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn two_spellings_of_one_number_find_each_other() {
        for (one, other) in [
            ("+525512345678", "+5215512345678"),
            ("+541145678901", "+5491145678901"),
            ("+543414567890", "+5493414567890"),
            ("+551187654321", "+5511987654321"),
            ("+554896001122", "+5548996001122"),
        ] {
            assert_eq!(spellings(one), [one, other]);
            assert_eq!(spellings(other), [other, one]);
            let (one, other): (PhoneNumber, PhoneNumber) = (one.parse().unwrap(), other.parse().unwrap());
            assert!(one.is_same_contact(&other) && other.is_same_contact(&one) && one.is_same_contact(&one));
        }
    }

    #[test]
    fn other_numbers_have_one_spelling() {
        for text in [
            "+919876543210",
            "+551123456789",
            "+5511934567890",
            "+55119876543210",
            "+552087654321",
            "+5252155123456",
            "+52155123456",
            "+549114567890",
            "+549945678901",
            "+5541234567",
            "+12025550100",
            "+34600111222",
            "+5215",
        ] {
            if let Ok(number) = text.parse() {
                assert_eq!(variants(&number), [number], "{text}");
            }
        }
        let number: PhoneNumber = "+5511987654321".parse().unwrap();
        assert!(!number.is_same_contact(&"+5521987654321".parse().unwrap()));
    }
}
