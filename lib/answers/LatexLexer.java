package answers;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Cuts the LaTeX or plain text of one answer into tokens, in one pass. */
final class LatexLexer {

    enum Type { NUMBER, NAME, TEXT, OP, COMMAND, END }

    /** A token; {@code value} of a number, {@code spaced} if there was space before it. */
    record Token(Type type, String text, Node.Num value, boolean spaced) {

        boolean is(String op) {
            return type == Type.OP && text.equals(op);
        }
    }

    /** Not read as mathematics. */
    static final class Unreadable extends RuntimeException {
        Unreadable(String why) {
            super(why, null, false, false);
        }
    }

    private static final int MAX_TOKENS = 1500;
    private static final Pattern AND_A_HALF = Pattern.compile("and (?:an?|one|two|three|four|five|six|seven|eight|nine) \\w{4,10}");
    private static final Pattern INNER_STYLE = Pattern.compile("\\\\(?:text|textbf|textit|textrm|mathrm|mathbf|mbox|bf) ?\\{([^{}]*)\\}");
    private static final Pattern LISTED = Pattern.compile("[A-Z]?[a-z]+(?: [a-z]+)?(?:, ?[A-Z]?[a-z]+(?: [a-z]+)?)+");
    private static final Pattern POWER_OF_TEN = Pattern.compile("\\s?10\\s?(?:\\^|\\*\\*)");
    private static final Pattern JOINED = Pattern.compile(",?(?:(.*) )?(and|or)(?: (.*))?", Pattern.CASE_INSENSITIVE | Pattern.DOTALL);
    private static final Pattern AMOUNT = Pattern.compile("\\.?\\s*(?:\\\\?[$€£]|\\d)");
    private static final Pattern WORDS_AND_NUMBER = Pattern.compile("([\\p{L}' ]+?)[:=]? *([-+−]?[$£€]?\\d(?:[\\d.,/]*\\d)?%?)[.,]?(?: "
            + "?([A-Za-z][A-Za-z .]*))?");
    private static final Pattern ROWS = Pattern.compile("(?:align(?:ed)?|gather(?:ed)?|split|equation)\\*?");
    private static final Pattern CHAINED = Pattern.compile("\\s*&?\\s*(?:=|\\\\end|\\z)");
    private static final Pattern LINE_GAP = Pattern.compile("\\s*+\\[-?[\\d.]{1,6}+ ?(?:pt|em|ex|mm|cm|in|mu)\\]");

    private final String text;
    private final List<Token> tokens = new ArrayList<>();
    private final Deque<Integer> waiting = new ArrayDeque<>();
    private int at;
    private int depth;
    private int digitArguments;
    private int matrices;
    private int cases;
    private boolean spaced;

    private LatexLexer(String text) {
        this.text = text;
    }

    /** @throws Unreadable if there are too many tokens, or a character of no known use */
    static List<Token> tokens(String text) {
        LatexLexer lexer = new LatexLexer(text);
        while (lexer.at < text.length()) {
            lexer.next();
            if (lexer.tokens.size() > MAX_TOKENS) {
                throw new Unreadable("too long");
            }
        }
        lexer.add(Type.END, "");
        return lexer.tokens;
    }

    private void add(Type type, String content) {
        if (digitArguments > 0 && type != Type.COMMAND) {
            digitArguments--;
        }
        tokens.add(new Token(type, content, null, spaced));
        spaced = false;
    }

    private void next() {
        char c = text.charAt(at);
        if (Character.isWhitespace(c) || c == '~' || c == '$' || Character.getType(c) == Character.CURRENCY_SYMBOL || c == '\u200b') {
            spaced |= c != '$';
            at++;
        } else if (isDigit(at) || c == '.' && isDigit(at + 1)) {
            number();
        } else if (c == '\\') {
            command();
        } else if (isLetter(c)) {
            word();
        } else if (Character.isIdeographic(c) || Character.UnicodeScript.of(c) == Character.UnicodeScript.HIRAGANA) {
            ideographs();
        } else if (Vocabulary.UNICODE_NAMES.containsKey(c)) {
            at++;
            add(Type.NAME, Vocabulary.UNICODE_NAMES.get(c));
        } else if (c == '√') {
            at++;
            add(Type.COMMAND, "sqrt");
        } else if ("²³⁴".indexOf(c) >= 0) {
            at++;
            add(Type.OP, "^");
            tokens.add(new Token(Type.NUMBER, "", (Node.Num) Node.integer(2 + "²³⁴".indexOf(c)), false));
        } else if (Vocabulary.SIGNS.containsKey(c)) {
            at++;
            add(Type.OP, Vocabulary.SIGNS.get(c));
        } else {
            sign(c);
        }
    }

    private void sign(char c) {
        String two = text.substring(at, Math.min(text.length(), at + 2));
        if (two.equals("+-") || two.equals("+−") || text.startsWith("+/-", at)) {
            at += two.equals("+/") ? 3 : 2;
            add(Type.OP, "pm");
            return;
        }
        if (text.startsWith("...", at)) {
            at += 3;
            add(Type.NAME, "...");
            return;
        }
        if (List.of("<=", ">=", "!=", "==", "**").contains(two)) {
            at += 2;
            add(Type.OP, two.equals("==") ? "=" : two.equals("**") ? "^" : two);
            return;
        }
        if ("+-*/^_=<>()[]{}|,;:!%&.".indexOf(c) < 0) {
            throw new Unreadable("'" + c + "' is not read as mathematics");
        }
        at++;
        if (c == '.') {
            if (at < text.length() && (isLetter(text.charAt(at)) || isDigit(at))) {
                throw new Unreadable("a full stop inside");
            }
            spaced = true; // the end of a sentence
            return;
        }
        if (c == '&' && cases > 0) {
            spaced = true;
            return;
        }
        if (c == '{') {
            waiting.push(Math.max(0, digitArguments - 1));
            digitArguments = 0;
        }
        add(Type.OP, String.valueOf(c));
        depth += c == '(' || c == '[' ? 1 : c == ')' || c == ']' ? -1 : 0;
        if (c == '}' && !waiting.isEmpty()) {
            digitArguments = waiting.pop();
        }
    }

    private void number() {
        boolean argument = digitArguments > 0 && isDigit(at);
        Numeral numeral = argument ? Numeral.digit(text, at) : Numeral.read(text, at, depth != 0);
        digitArguments -= digitArguments > 0 ? 1 : 0;
        at = numeral.end();
        tokens.add(new Token(Type.NUMBER, numeral.spelling(), numeral.value(), spaced));
        spaced = false;
    }

    private void command() {
        if (text.startsWith("\\\\", at)) {
            at++;
            if (matrices > 0 || cases > 0 || at + 1 >= text.length() || !isLetter(text.charAt(at + 1)) && "{}%".indexOf(text.charAt(at
                    + 1)) < 0) {
                at++;
                if (cases > 0 && CHAINED.matcher(text).region(at, text.length()).lookingAt()) {
                    return; // x &= 2 + 3 \\\\ &= 5
                }
                add(Type.OP, cases > 0 ? "," : "\\\\");
                Matcher gap = LINE_GAP.matcher(text).region(at, text.length());
                at = gap.lookingAt() ? gap.end() : at; // \\[4pt]
                return;
            }
        }
        int end = at + 1;
        while (end < text.length() && isLetter(text.charAt(end))) {
            end++;
        }
        String name = end == at + 1 ? text.substring(at + 1, Math.min(at + 2, text.length())) : text.substring(at + 1, end);
        at = Math.max(end, Math.min(at + 2, text.length()));
        if (name.startsWith("quad") && name.length() > 4) {
            at = end - name.length() + 4; // \quadx, seen in data
            spaced = true;
        } else if (Vocabulary.TEXTS.contains(name)) {
            textArgument();
        } else if (name.equals("mathbb") || name.equals("Bbb")) {
            String set = argument().strip();
            add(Type.NAME, switch (set) {
                case "R" -> "Reals";
                case "Z" -> "Integers";
                default -> set;
            });
        } else if (Vocabulary.IGNORED_ARGUMENTS.contains(name)) {
            argument();
        } else if (name.equals("begin") || name.equals("end")) {
            environment(name);
        } else if (name.equals("right") && text.startsWith(".", at) || name.equals("left") && text.startsWith(".", at)) {
            at++;
        } else if (Vocabulary.SKIPPED.contains(name) || name.isEmpty()) {
            spaced = true;
        } else if (name.endsWith("frac") && name.length() <= 5) {
            add(Type.COMMAND, "frac");
            digitArguments = 2;
        } else if (name.endsWith("binom") && name.length() <= 6) {
            add(Type.COMMAND, "binom");
            digitArguments = 2;
        } else if (Vocabulary.OPERATORS.containsKey(name)) {
            String op = Vocabulary.OPERATORS.get(name);
            depth += op.equals("\\{") || op.equals("<<") ? 1 : op.equals("\\}") || op.equals(">>") ? -1 : 0;
            add(Type.OP, op);
        } else if (Vocabulary.FUNCTIONS.contains(name) || Set.of("sqrt", "sum", "prod", "int").contains(name)) {
            add(Type.COMMAND, name);
        } else if (!isLetter(name.charAt(0))) {
            throw new Unreadable("\\" + name + " is not read as mathematics");
        } else {
            add(Type.NAME, Vocabulary.NAMES.getOrDefault(name, name)); // Greek letters, and commands that no one knows
        }
    }

    private void environment(String name) {
        String kind = argument();
        if (kind.equals("array")) {
            kind = "matrix";
            if (name.equals("begin") && text.startsWith("{", at)) {
                argument();
            }
        }
        if (kind.endsWith("matrix") || kind.endsWith("matrix*")) {
            matrices += name.equals("begin") ? 1 : -1;
            depth += name.equals("begin") ? 1 : -1;
            add(Type.COMMAND, name + (kind.startsWith("v") ? " det" : " matrix"));
        } else if (kind.equals("cases") || kind.equals("dcases") || ROWS.matcher(kind).matches()) {
            cases += name.equals("begin") ? 1 : -1;
            spaced = true;
        } else {
            throw new Unreadable("environment " + kind);
        }
    }

    /** The argument in braces that follows, or one character. */
    private String argument() {
        while (at < text.length() && text.charAt(at) == ' ') {
            at++;
        }
        if (at >= text.length()) {
            return "";
        } else if (text.charAt(at) != '{') {
            return text.substring(at, ++at);
        }
        int open = at + 1;
        int level = 0;
        for (; at < text.length(); at++) {
            level += text.charAt(at) == '{' ? 1 : text.charAt(at) == '}' ? -1 : 0;
            if (level == 0) {
                return text.substring(open, at++);
            }
        }
        throw new Unreadable("a brace is not closed");
    }

    private void textArgument() {
        String raw = argument();
        String content = INNER_STYLE.matcher(raw).replaceAll("$1").replace("~", " ").replace("\\ ", " ").replace("\\,", " ").strip();
        String word = content.replaceAll("^[,.;:]+|[,.;:]+$", "").strip().toLowerCase(Locale.ROOT);
        Matcher joined = JOINED.matcher(content.length() > 200 ? "" : content.replaceAll("^[,.;:]+|[,.;:]+$", "").strip());
        Matcher mixed = WORDS_AND_NUMBER.matcher(content.length() > 200 ? "" : content);
        if (Vocabulary.FUNCTIONS.contains(content)) {
            add(Type.COMMAND, content);
        } else if (joined.matches() && !NumberWords.areMixed(content)) {
            joined(joined);
        } else if (LISTED.matcher(content).matches()) {
            for (String item : content.split(", *")) {
                if (!item.equals(content.split(", *")[0])) {
                    add(Type.OP, ",");
                }
                add(Type.TEXT, item);
            }
        } else if (Vocabulary.WORDS.containsKey(word)) {
            add(Type.OP, Vocabulary.WORDS.get(word));
        } else if ((word.equals("is") || word.equals("equals")) && !tokens.isEmpty()) {
            add(Type.OP, "=");
        } else if (word.equals("to") && !tokens.isEmpty() && tokens.get(tokens.size() - 1).type == Type.NUMBER) {
            add(Type.OP, ":");
        } else if (content.isEmpty() || content.matches("[€£¥₹$]|\\\\\\$|(?:Rs|US|USD|EUR)\\.?") && AMOUNT.matcher(text).region(at,
                text.length()).lookingAt()) {
            spaced = true;
        } else if (content.length() == 1 && isLetter(content.charAt(0)) && !raw.matches("[~ ].*") && !isUnit(content)) {
            add(Type.NAME, content);
        } else if (content.matches("[-+(]?\\\\?[$€£]?[\\d.,/]*\\d(?:\\)| ?[A-Za-z][A-Za-z .]*)?")) {
            inside(content);
        } else if (mixed.matches()) {
            add(Type.TEXT, mixed.group(1).strip());
            inside(mixed.group(2));
            if (mixed.group(3) != null) {
                add(Type.TEXT, mixed.group(3).strip());
            }
        } else {
            add(Type.TEXT, content);
        }
    }

    private void inside(String content) {
        List<Token> inner = tokens(content);
        tokens.addAll(inner.subList(0, inner.size() - 1));
    }

    /** Words around an "and" or "or": {@code \text{Alice and Bob}}, {@code 2 \text{ hours and } 3 ...}. */
    private void joined(Matcher joined) {
        if (joined.group(1) != null && !joined.group(1).isBlank()) {
            add(Type.TEXT, joined.group(1).strip());
        }
        add(Type.OP, joined.group(2).toLowerCase(Locale.ROOT));
        if (joined.group(3) != null && !joined.group(3).isBlank()) {
            add(Type.TEXT, joined.group(3).strip());
        }
    }

    /** 3\mathrm{m}, 10^{-7}\ \mathrm{s}; but x\mathrm{m}. */
    private boolean isUnit(String letter) {
        Token before = tokens.isEmpty() ? null : tokens.get(tokens.size() - 1);
        return before != null && Vocabulary.LETTER_UNITS.contains(letter)
                && (before.type == Type.NUMBER || spaced && before.is("}"));
    }

    /** Words in Chinese or Japanese: a word of scale for itself, so that what follows is the unit. */
    private void ideographs() {
        int start = at;
        while (at < text.length() && !(text.charAt(at) < 128) && Character.isLetter(text.charAt(at))) {
            at++;
            if (Vocabulary.WORDS.containsKey(text.substring(start, at))) {
                add(Type.OP, Vocabulary.WORDS.get(text.substring(start, at)));
                return;
            } else if (at < text.length() && Vocabulary.WORDS.containsKey(text.substring(at, at + 1))) {
                break;
            }
            if (NumberWords.scale(text.substring(start, at)).isPresent()) {
                break;
            }
        }
        add(Type.TEXT, text.substring(start, at));
    }

    private void word() {
        int start = at;
        while (at < text.length() && isLetter(text.charAt(at))) {
            at++;
        }
        String word = text.substring(start, at);
        Type before = tokens.isEmpty() ? Type.END : tokens.get(tokens.size() - 1).type;
        boolean afterNumber = before == Type.NUMBER;
        Matcher half = AND_A_HALF.matcher(text).region(start, text.length());
        if (word.length() == 3 && word.startsWith("or") && Character.isUpperCase(word.charAt(2))) {
            add(Type.OP, "or");
            add(Type.NAME, word.substring(2));
        } else if ((afterNumber || before == Type.TEXT) && half.lookingAt()) {
            at = half.end();
            add(Type.TEXT, half.group());
        } else if (word.equals("and") && before == Type.TEXT && NumberWords.scale(tokens.get(tokens.size() - 1).text).isPresent()) {
            add(Type.TEXT, word);
        } else if (Vocabulary.CURRENCIES.contains(word) && AMOUNT.matcher(text).region(at, text.length()).lookingAt()) {
            spaced = true;
        } else if (Vocabulary.WORDS.containsKey(word)) {
            add(Type.OP, Vocabulary.WORDS.get(word));
        } else if (word.equals("x") && afterNumber && POWER_OF_TEN.matcher(text).region(at, text.length()).lookingAt()) {
            add(Type.OP, "*");
        } else if (word.equals("to") && afterNumber) {
            add(Type.OP, ":");
        } else if (word.equals("in") && !afterNumber && before != Type.TEXT) {
            add(Type.OP, "in");
        } else if (Vocabulary.FUNCTIONS.contains(word) && !(afterNumber && Vocabulary.UNITS.contains(word)) || word.equals("sqrt")) {
            add(Type.COMMAND, word);
        } else if (word.equals("pi") || word.equals("oo")) {
            add(Type.NAME, word);
        } else if (word.equalsIgnoreCase("infinity") || word.equals("inf")) {
            add(Type.NAME, "oo");
        } else if (word.equals("U") && !tokens.isEmpty() && (tokens.get(tokens.size() - 1).is(")")
                || tokens.get(tokens.size() - 1).is("]"))) {
            add(Type.OP, "cup");
        } else if (word.length() > 3 || Vocabulary.PROSE.contains(word.toLowerCase(Locale.ROOT)) || afterNumber
                && Vocabulary.UNITS.contains(word)) {
            add(Type.TEXT, word);
        } else {
            for (char letter : word.toCharArray()) {
                add(Type.NAME, String.valueOf(letter));
            }
        }
    }

    private boolean isDigit(int index) {
        return index < text.length() && text.charAt(index) >= '0' && text.charAt(index) <= '9';
    }

    private static boolean isLetter(char c) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z';
    }
}
