package answers;

import answers.Node.Text;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Finds the final answer in a text: what is boxed last; what follows "####"; what follows "the answer is"; what is bold at
 * the end; else the last formula or number. In time linear in the length; only the end of a long text is read.
 *
 * @param text the answer as written
 * @param how where it was found
 * @param plain whether it stood outside of LaTeX, where a comma may be a decimal comma
 */
record Extract(String text, String how, boolean plain) {

    private static final int MAX_TEXT = 200_000;
    private static final int MAX_WHOLE = 300;
    private static final int WINDOW = 2000;
    private static final int MAX_BOXES = 30;
    private static final Pattern BOX = Pattern.compile("\\\\(?:boxed|fbox|framebox)(?![A-Za-z])");
    private static final Pattern BETWEEN = Pattern.compile("\\b(?:and|or)\\b");
    private static final Pattern JOINT = Pattern.compile("\\s*+(?:[,;]|,?\\s*+(?:and|or)\\b)\\s*+");
    private static final Pattern PERCENT = Pattern.compile("[\\s$})\\]]{0,5}+(?:\\\\?%|percent|pct)");
    private static final Pattern ANCHOR = Pattern.compile(
            "answers?\\*{0,2}+(?:\\s++(?:to|of|for)\\s[^.\\n]{1,100}?)?\\s*+(?:is|are|=|:|\\*\\*:?)(?:\\s++(?:is|are)\\b)?[\\s:*\"]*+",
            Pattern.CASE_INSENSITIVE);
    private static final Pattern VERB = Pattern.compile("(?<!which|this|that|it|,)\\s(?:is|are)(?:\\s|:|$)");
    private static final Pattern REASON = Pattern.compile(",? (?:because|since|as|which|not|so|where|when|rather|instead)\\b");
    private static final Pattern BOLD_END = Pattern.compile("\\*\\*([^*\\n]*[^*\\s:])\\s*\\*\\*[\\s.!]*\\z");
    private static final Pattern LABELLED = Pattern.compile("\\(?[A-Z][).:]\\s.*");
    private static final Pattern DIGIT_OR_FORMULA = Pattern.compile("[\\d$\\\\]");
    private static final String DIGITS = "(?:\\d{1,3}(?:[ ,]\\d{3})++(?!\\d)(?:\\.\\d++)?|\\d++[.,]\\d++|\\.\\d++|\\d++)";
    private static final Pattern NUMBER = Pattern.compile("(?<![A-Za-z\\d])(?:(?<![\\w)])[-−])?[$€£]?" + DIGITS + "(?:[eE][-+]?\\d++)?"
            + "(?:\\s?[/:]\\s?" + DIGITS + ")?(?:\\s*+(?:\\\\?%|percent|pct))?");

    /** The final answer of a completion; empty if there is none or the completion breaks off in it. */
    static Optional<Extract> answer(String completion) {
        String text = completion.length() > MAX_TEXT ? completion.substring(completion.length() - MAX_TEXT) : completion;
        int thought = text.lastIndexOf("</think>");
        if (thought >= 0) {
            text = text.substring(thought + 8);
        } else if (text.contains("<think>")) {
            return Optional.empty();
        }
        return text.isBlank() ? Optional.empty() : find(text.strip(), false);
    }

    /** The answer in a reference: all of it, or what is found in it if it is a worked solution. */
    static Optional<Extract> reference(String reference) {
        String text = reference.strip();
        if (text.isEmpty()) {
            return Optional.empty();
        }
        if (BOX.matcher(text).find() || text.contains("####")) {
            return find(text, true);
        }
        boolean bare = text.length() <= WINDOW && !(Parser.parse(text) instanceof Text);
        return bare && (formulas(text).isEmpty() || text.startsWith("$")) ? Optional.of(new Extract(text, "the reference", !text.contains("$") && !text.contains("\\")))
                : text.contains("$") || text.contains("\\(") || text.contains("\\[") || text.length() > MAX_WHOLE ? find(text, true)
                        : Optional.of(new Extract(text, "the reference", true));
    }

    private static Optional<Extract> find(String text, boolean reference) {
        List<int[]> boxes = boxes(text, reference);
        if (boxes == null) {
            return Optional.empty();
        }
        Optional<Extract> anchored = anchored(text, boxes.isEmpty() ? 0 : boxes.get(boxes.size() - 1)[1]);
        if (!boxes.isEmpty()) {
            return anchored.isPresent() && anchored.get().how.equals("final answer") ? anchored : Optional.of(boxed(text, boxes));
        }
        int hash = text.lastIndexOf("####");
        if (hash >= 0) {
            String line = text.substring(hash + 4).strip().lines().findFirst().orElse("");
            return line.isBlank() ? Optional.empty() : Optional.of(new Extract(line.strip(), "after ####", true));
        }
        if (anchored.isPresent()) {
            return anchored;
        }
        Matcher bold = BOLD_END.matcher(text).region(Math.max(0, text.length() - MAX_WHOLE), text.length());
        if (bold.find()) {
            return find(bold.group(1).strip(), reference);
        }
        if (text.length() <= MAX_WHOLE && formulas(text).isEmpty() && isFormula(Parser.parse(text))) {
            return Optional.of(new Extract(text, "the whole text", !text.contains("$") && !text.contains("\\")));
        }
        return last(text);
    }

    /** Not words, nor words beside formulas: Subtracting, x = 5. */
    private static boolean isFormula(Node node) {
        return !(node instanceof Text) && !(node instanceof Node.Sequence sequence && sequence.items().stream().anyMatch(Text.class::isInstance));
    }

    // ---- boxes

    /** Start, end, content start and content end of the last boxes; null if the last one is not closed. */
    private static List<int[]> boxes(String text, boolean lenient) {
        Deque<int[]> last = new ArrayDeque<>();
        Matcher box = BOX.matcher(text);
        int from = 0;
        while (box.find(from)) {
            int open = box.end();
            while (open < text.length() && text.charAt(open) == ' ') {
                open++;
            }
            if (open >= text.length()) {
                return lenient ? new ArrayList<>(last) : null;
            }
            int close = text.charAt(open) == '{' ? closing(text, open) : open + 1;
            if (close < 0) {
                if (!lenient) {
                    return null;
                }
                close = text.length();
            }
            boolean brace = text.charAt(open) == '{';
            last.add(new int[] {box.start(), Math.min(text.length(), brace ? close + 1 : close), brace ? open + 1 : open, close});
            if (last.size() > MAX_BOXES) {
                last.remove();
            }
            from = close;
        }
        return new ArrayList<>(last);
    }

    private static int closing(String text, int open) {
        int level = 0;
        for (int i = open; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\\') {
                i++;
            } else if (c == '{') {
                level++;
            } else if (c == '}' && --level == 0) {
                return i;
            }
        }
        return -1;
    }

    /** The last box, with those before it that belong to the same statement. */
    private static Extract boxed(String text, List<int[]> boxes) {
        int[] last = boxes.get(boxes.size() - 1);
        String content = text.substring(last[2], last[3]).strip();
        String all = content;
        int start = last[0];
        String next = content;
        for (int i = boxes.size() - 2; i >= 0; i--) {
            int[] box = boxes.get(i);
            String before = text.substring(box[2], box[3]).strip();
            String gap = text.substring(box[1], start);
            boolean repeated = before.equals(next) && (gap.length() >= 10 || gap.replace('$', ' ').isBlank());
            if (repeated || gap.length() >= 10 && (gap.length() >= 70 || !BETWEEN.matcher(gap).find())) {
                break;
            }
            all = before + ", " + all;
            start = box[0];
            next = before;
        }
        Matcher percent = PERCENT.matcher(text).region(last[1], text.length());
        return new Extract(percent.lookingAt() && !all.contains("%") ? all + "\\%" : all, "boxed", false);
    }

    // ---- "the answer is"

    private static Optional<Extract> anchored(String text, int from) {
        Matcher anchor = ANCHOR.matcher(text).region(from, text.length());
        String found = null;
        boolean last = false;
        while (anchor.find()) {
            String rest = text.substring(anchor.end(), Math.min(text.length(), anchor.end() + WINDOW)).strip();
            if (!rest.isEmpty()) {
                found = rest;
                String before = text.substring(Math.max(0, anchor.start() - 6), anchor.start()).toLowerCase(Locale.ROOT);
                last = before.endsWith("final ");
            }
        }
        return found == null ? Optional.empty() : Optional.of(statement(found, last ? "final answer" : "the answer is"));
    }

    /** The first formula of a statement, or its first sentence. */
    private static Extract statement(String rest, String how) {
        int sentence = sentenceEnd(rest);
        Matcher verb = VERB.matcher(rest).region(0, sentence);
        while (verb.find()) { // Final Answer: The largest $n$ is 34.
            if (DIGIT_OR_FORMULA.matcher(rest.substring(verb.end(), sentence)).find()) {
                return statement(rest.substring(verb.end()), how);
            }
        }
        List<int[]> formulas = formulas(rest);
        if (!formulas.isEmpty() && formulas.get(0)[0] <= sentence && !rest.substring(0, formulas.get(0)[0]).matches("(?s).*\\d.*")) {
            int end = chained(rest, formulas, 0);
            return new Extract(rest.substring(formulas.get(0)[0], withPercent(rest, end)), how, false);
        }
        String words = rest.substring(0, sentence).replace("**", "").replaceAll("^[\"'`]+|[\"'`*.!]+$", "").strip();
        words = REASON.split(words, 2)[0].strip();
        if (Parser.parse(words) instanceof Text && words.length() > 3 && !LABELLED.matcher(words).matches()) {
            Matcher number = NUMBER.matcher(words);
            if (number.find()) {
                return new Extract(number.group(), how, true);
            }
        }
        return new Extract(words, how, !words.contains("\\"));
    }

    private static int sentenceEnd(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            boolean stop = c == '.' && (i + 1 == text.length() || Character.isWhitespace(text.charAt(i + 1)));
            if (stop || c == '\n') {
                return i;
            }
        }
        return text.length();
    }

    // ---- formulas and numbers

    private static Optional<Extract> last(String text) {
        String tail = text.substring(Math.max(0, text.length() - WINDOW));
        int offset = text.length() - tail.length();
        Extract found = null;
        int end = -1;
        List<int[]> formulas = formulas(text);
        if (!formulas.isEmpty()) {
            int first = formulas.size() - 1;
            while (first > 0 && formulas.size() - first < MAX_BOXES && chained(text, formulas, first - 1) == formulas.get(formulas.size() - 1)[1]) {
                first--;
            }
            end = withPercent(text, formulas.get(formulas.size() - 1)[1]);
            found = new Extract(text.substring(formulas.get(first)[0], end), "the last formula", false);
        }
        Matcher number = NUMBER.matcher(tail);
        while (number.find()) {
            if (number.end() + offset > end) {
                found = new Extract(number.group(), "the last number", true);
            }
        }
        if (found == null && text.length() <= MAX_WHOLE) {
            found = new Extract(text, "the whole text", true);
        }
        return Optional.ofNullable(found);
    }

    private static int withPercent(String text, int end) {
        Matcher percent = PERCENT.matcher(text).region(end, text.length());
        return percent.lookingAt() ? percent.end() : end;
    }

    /** End of the run of formulas that begins with one and goes on with commas, "and", "or". */
    private static int chained(String text, List<int[]> formulas, int first) {
        int end = formulas.get(first)[1];
        for (int i = first + 1; i < formulas.size(); i++) {
            if (!JOINT.matcher(text).region(end, formulas.get(i)[0]).matches()) {
                break;
            }
            end = formulas.get(i)[1];
        }
        return end;
    }

    /** Starts and ends of what stands between dollars, \( \) or \[ \]. */
    private static List<int[]> formulas(String text) {
        List<int[]> found = new ArrayList<>();
        int at = 0;
        while (at < text.length()) {
            int dollar = text.indexOf('$', at);
            int slash = text.indexOf('\\', at);
            if (dollar < 0 && slash < 0) {
                break;
            }
            if (slash >= 0 && (dollar < 0 || slash < dollar)) {
                char kind = slash + 1 < text.length() ? text.charAt(slash + 1) : ' ';
                int end = kind == '(' ? text.indexOf("\\)", slash) : kind == '[' ? text.indexOf("\\]", slash) : -1;
                if (end > 0) {
                    found.add(new int[] {slash, end + 2});
                } else if (kind == '(' || kind == '[') {
                    break; // breaks off
                }
                at = end > 0 ? end + 2 : slash + 2;
                continue;
            }
            boolean display = text.startsWith("$$", dollar);
            int start = dollar + (display ? 2 : 1);
            int end = display ? text.indexOf("$$", start) : closingDollar(text, start);
            boolean price = !display && (dollar > 0 && Character.isDigit(text.charAt(dollar - 1)) && end < 0
                    || end > 0 && end + 1 < text.length() && Character.isDigit(text.charAt(end + 1)));
            if (end > start && !price && text.substring(start, end).isBlank()) {
                at = end + (display ? 2 : 1);
            } else if (end > start && !price) {
                found.add(new int[] {dollar, end + (display ? 2 : 1)});
                at = end + (display ? 2 : 1);
            } else {
                at = start;
            }
        }
        return found;
    }

    private static int closingDollar(String text, int from) {
        for (int i = from; i < text.length() && i < from + WINDOW; i++) {
            char c = text.charAt(i);
            if (c == '\\') {
                i++;
            } else if (c == '$') {
                return i;
            } else if (c == '\n' && i + 1 < text.length() && text.charAt(i + 1) == '\n') {
                return -1;
            }
        }
        return -1;
    }

    /** The text without LaTeX's styling, spaces and a full stop at the end. */
    static String plain(String text) {
        String bare = text.length() > Parser.MAX_LENGTH ? text : text
                .replaceAll("\\\\(?:left|right|displaystyle|quad|qquad|boxed)(?![A-Za-z])|\\\\[,;:!()\\[\\]]|[$~]", "")
                .replaceAll("\\\\(?:text|textbf|textit|textrm|mbox|mathrm|textnormal|operatorname)\\{([^{}]*)\\}", "$1")
                .replaceAll("\\\\[dt]frac", "\\\\frac").replaceAll("\\*\\*|\\s+", "");
        return bare.replaceAll("[.]$", "");
    }
}
