package answers;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A set by its condition: {@code \{x : x > 2\}}, {@code \{ x \in \mathbb{R} \mid x = 23 \}}.
 *
 * @param condition on its elements
 */
record SetBuilder(String condition) {

    private static final Pattern BUILT = Pattern.compile("\\$?\\s*(?:\\\\left\\s*)?(?:\\\\\\{|\\{)?\\s*([a-zA-Z])\\s*"
            + "(?:(?:\\\\in|∈)\\s*(?:\\\\mathbb\\s*\\{?\\s*R\\s*\\}?|\\\\R|ℝ|R)\\s*)?(?::|\\\\colon|\\\\mid|\\\\vert|\\\\middle\\s*\\||"
            + "\\|)\\s*(.+?)\\s*"
            + "(?:\\\\right\\s*)?(?:\\\\\\}|\\})?\\s*\\$?", Pattern.DOTALL);
    private static final Pattern EQUATION = Pattern.compile("(?<![<>!\\\\])=");

    /** The set that a text builds; empty if it builds none. */
    static Optional<SetBuilder> of(String text) {
        Matcher built = BUILT.matcher(text.length() > 300 ? "" : text);
        boolean braced = built.matches() && text.matches("(?s)[\\s$]*(?:\\\\left\\s*)?\\\\?\\{.*");
        return built.matches() && (braced || !EQUATION.matcher(built.group(2)).find())
                && Pattern.compile("(?<![A-Za-z\\\\])" + built.group(1) + "(?![A-Za-z])").matcher(built.group(2)).find()
                && built.group(2).matches("(?s).*(?:[<>=≤≥]|\\\\(?:leq?|geq?|lt|gt|ne)\\b).*") ? Optional.of(new SetBuilder(built.group(2)))
                        : Optional.empty();
    }

    /** Whether the condition is an equation, so that the elements are still to be found. */
    boolean isEquation() {
        return EQUATION.matcher(condition).find();
    }
}
