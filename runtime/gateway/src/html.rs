//! Foreign text inside HTML and SVG.
//!
//! # Promises
//!
//! - What was escaped is text there, never markup, and cannot turn the text around it.

/// Foreign text for an element or a quoted attribute.
///
/// Controls become visible marks: some would turn the reading direction of what follows, or hide it.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\t' | '\n' | '\r' => escaped.push(' '),
            _ if character.is_control() || steers(character) => escaped.push('\u{fffd}'),
            _ => escaped.push(character),
        }
    }
    escaped
}

/// The same for several lines.
#[cfg(feature = "matrix")]
pub(crate) fn escape_lines(text: &str) -> String {
    text.lines().map(escape).collect::<Vec<_>>().join("<br>")
}

/// Whether a character shows nothing itself but changes how others are shown.
fn steers(character: char) -> bool {
    matches!(character, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_is_never_markup() {
        assert_eq!(
            escape(r#"<script>"a" & 'b'</script>"#),
            "&lt;script&gt;&quot;a&quot; &amp; &#39;b&#39;&lt;/script&gt;"
        );
    }

    #[test]
    fn foreign_text_cannot_turn_or_hide_what_is_around_it() {
        assert_eq!(
            escape("a\u{202e}b\u{2066}c\u{200f}d\u{0}e\u{7f}f\u{e0041}"),
            "a\u{fffd}b\u{fffd}c\u{fffd}d\u{fffd}e\u{fffd}f\u{fffd}"
        );
        assert_eq!(escape("שעון של סבתא\n❤"), "שעון של סבתא ❤");
    }
}
