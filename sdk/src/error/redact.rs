//! What becomes of a provider's words before they stand in an error.

/// `text` without `secret`, and without the head of it at the end, where a text is cut.
pub(super) fn hidden(text: &str, secret: &str) -> String {
    /// Fewer characters than this give nothing away, and are the end of many a word.
    const HEAD_MIN: usize = 6;
    let stem = secret.char_indices().nth(HEAD_MIN).and_then(|(end, _)| secret.get(..end)).unwrap_or(secret);
    // Nearly always: there are many forms of a secret, and few texts with one.
    if !text.contains(stem) {
        return text.to_owned();
    }
    let text = text.replace(secret, "***");
    let (kept, mark) = text.strip_suffix('…').map_or((text.as_str(), ""), |kept| (kept, "…"));
    let ends = secret.char_indices().map(|(at, _)| at).skip(HEAD_MIN);
    // The longest head that fits.
    let without = ends.filter_map(|at| kept.strip_suffix(secret.get(..at)?)).last();
    without.map_or_else(|| text.clone(), |kept| format!("{kept}***{mark}"))
}

/// `text` with every run of white space and control characters as one space, cut at `limit` characters.
pub(super) fn one_line(text: &str, limit: usize) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let line = words.collect::<Vec<_>>().join(" ");
    if line.chars().count() <= limit { line } else { line.chars().take(limit).chain(['…']).collect() }
}
