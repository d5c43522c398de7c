package answers;

import answers.Node.Kind;
import answers.Node.Num;
import answers.Node.Sequence;
import answers.Node.Text;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The meanings that the text of an answer may have, the literal one first: 1,22 may be a decimal, (E) 35 is 35, $3.6M are millions. */
final class Readings {

    private static final int LONGEST = 300;
    private static final Pattern DECIMAL_COMMA = Pattern.compile("-?\\d+,\\d+");
    private static final Pattern DECIMAL_COMMA_IN_GROUPS = Pattern.compile("[€$£]?\\s?(-?\\d{1,3}(?:\\.\\d{3})+),(\\d+)\\s?[€$£]?");
    /** Digits in groups that no list and no decimal has: 1.234.567, 1_234_567, 12,34,567. */
    private static final Pattern GROUPS = Pattern
            .compile("-?(?:\\d{1,3}(?:\\.\\d{3}){2,}|\\d{1,3}(?:_\\d{3})+|\\d{1,2}(?:,\\d{2})+,\\d{3})");
    private static final Pattern LETTER_UNIT = Pattern
            .compile("(\\S*\\d|[-\\d.]+\\s?(?:×|\\*|x|\\\\times|\\\\cdot)\\s?10\\^\\{?-?\\d+\\}?)\\s+"
                    + "[mgsNJWVAKLhC](?:(?:\\s?/\\s?|\\s|\\*)[a-zA-Z]{1,3})?(?:\\^\\{?-?\\d\\}?)?");
    private static final Pattern SYMBOL_UNIT = Pattern.compile("(.*[\\d}])(?:\\s|\\\\[ ,;!]|~)*(?:[kM]?Ω|\\\\Omega|Å|℃|℉|[µμ][a-zA-Z]{1,3}"
            + "|\\\\mu\\s*(?:\\\\(?:text|mathrm)\\s*\\{)?[a-zA-Z]{1,3}\\}?)");
    private static final Pattern YES_OR_NO = Pattern.compile("(?:\\\\text\\{)?\\s*(?i:(yes|no|true|false))[,.;:!]\\s.{0,300}",
            Pattern.DOTALL);
    private static final Pattern QUOTED = Pattern.compile("\\\\(?:text|mathrm|textbf|mbox)\\s*\\{(\\s*-?\\d[\\d.,]*\\s?[a-zA-Z][a-zA-Z/ .]*"
            + "|\\d{1,2}:\\d\\d)\\}");
    private static final Pattern STYLE = Pattern.compile("\\\\(?:text|mathrm|textbf|mbox|textrm)\\s*\\{([^{}]*)\\}");
    private static final Pattern MONEY = Pattern.compile("\\\\?[$€£]\\s?(\\d[\\d.,]*) ?(K|k|M|m|B|bn|mn)\\b\\.?");
    private static final Pattern POINT = Pattern.compile("[A-Z]\\s?(\\((?:[^(),]{1,30},){1,2}[^(),]{1,30}\\))");
    private static final Map<Character, Long> SHORT_SCALES = Map.of('k', 1000L, 'm', 1_000_000L, 'b', 1_000_000_000L);
    private static final Pattern REMAINDER = Pattern
            .compile("(-?\\d+),? ?(?:with |and )?(?:a )?(?:R|r|rem|remainder)\\.? ?(?:of |is )?(\\d+)");
    private static final Pattern ANGLE = Pattern.compile("(\\d+)(?:\\^\\{?\\\\circ\\}?|°) ?(\\d{1,2})(?:'|′|\\^\\{?\\\\prime\\}?)"
            + " ?(?:(\\d{1,2})(?:''|\"|″|\\^\\{?\\\\prime\\\\prime\\}?))?");
    private static final Pattern ODDS = Pattern.compile("([\\w-]{1,20}) (?:in|out of) ([\\w-]{1,20})");
    /** An expression with an index that runs through the integers, whatever its letter. */
    private static final Pattern INDEXED = Pattern
            .compile("(.+?),?\\s*(?:where|for)?\\s*\\(?\\s*([a-z])\\s*(?:\\\\in|∈)\\s*(?:\\\\mathbb\\s*\\{?Z\\}?|ℤ|Z)"
                    + "\\s*\\)?");
    private static final Pattern ANY_CONSTANT = Pattern.compile("(.*[+]\\s*)(?:[cKk]|\\\\text\\{\\s?(?:const|constant)\\.?\\})\\s*",
            Pattern.DOTALL);

    private Readings() {}

    /** The meanings of what was found; at least one. */
    static List<Node> of(Extract extract) {
        String text = value(extract.text());
        List<Node> readings = new ArrayList<>(List.of(Parser.parse(text)));
        if (text.length() > LONGEST) {
            return readings;
        }
        Matcher grouped = DECIMAL_COMMA_IN_GROUPS.matcher(text);
        if (grouped.matches()) {
            readings.add(Parser.parse(grouped.group(1).replace(".", "") + "." + grouped.group(2)));
        } else if (GROUPS.matcher(text).matches()) {
            readings.add(Parser.parse(text.replaceAll("[._,]", "")));
        } else if (extract.plain() && DECIMAL_COMMA.matcher(text).matches()) {
            readings.add(Parser.parse(text.replace(',', '.')));
        }
        Compound.values(text).ifPresent(values -> values.forEach(value -> readings.add(new Num(value, false))));
        SetBuilder.of(text).ifPresent(built -> readings.add(Parser.parse(built.condition())));
        Matcher quoted = QUOTED.matcher(text);
        if (quoted.matches()) {
            readings.add(Parser.parse(quoted.group(1)));
        }
        Matcher verdict = YES_OR_NO.matcher(text);
        if (!bare(text).equals(text)) {
            readings.add(Parser.parse(bare(text)));
        } else if (verdict.matches()) {
            readings.add(new Text(verdict.group(1)));
        }
        unstyled(STYLE.matcher(text).replaceAll(" $1 ").replaceAll("\\\\[ ,;:!]|~|\\s+", " ").replaceAll(" +", " ").strip(), readings);
        Matcher constant = ANY_CONSTANT.matcher(text);
        if (constant.matches() && !text.contains("C")) {
            readings.add(Parser.parse(constant.group(1) + "C"));
        }
        return readings;
    }

    /** What notations of few signs say in a text without its styles. */
    private static void unstyled(String text, List<Node> readings) {
        Matcher remainder = REMAINDER.matcher(text);
        Matcher odds = ODDS.matcher(text);
        Matcher indexed = INDEXED.matcher(text);
        Matcher angle = ANGLE.matcher(text);
        String said = Statement.withoutLead(text);
        if (remainder.matches()) {
            readings.add(new Text(remainder.group(1) + " remainder " + remainder.group(2)));
        } else if (odds.matches() && Parser.parse(odds.group(1)) instanceof Num a && Parser.parse(odds.group(2)) instanceof Num b
                && b.value().minus(Rational.ONE).signum() > 0 && b.value().minus(a.value()).signum() > 0) {
            readings.add(new Num(a.value().over(b.value()), false));
        } else if (indexed.matches()) {
            String body = indexed.group(1).replaceAll("(?<![A-Za-z\\\\])" + indexed.group(2) + "(?![A-Za-z])", " k ");
            readings.add(new Sequence(Kind.TUPLE, List.of(Parser.parse(body), new Text("integers"))));
        } else if (angle.matches()) {
            Rational minutes = Rational.of(Long.parseLong(angle.group(2)));
            Rational seconds = Rational.of(angle.group(3) == null ? 0 : Long.parseLong(angle.group(3)));
            Rational part = minutes.over(Rational.of(60)).plus(seconds.over(Rational.of(3600)));
            readings.add(Node.call("degree", new Num(Parser.parse(angle.group(1)) instanceof Num whole ? whole.value().plus(part) : part,
                    false)));
        } else if (!said.equals(text)) {
            readings.add(Parser.parse(said));
        }
    }

    /** What stands behind the letter of an option; all of the text if there is none. */
    static String value(String text) {
        return Choice.of(text).map(Choice::value).filter(value -> !value.isEmpty()).orElse(text);
    }

    /** A text without the name of a point, or without a unit of one letter or sign; an amount in millions in digits. */
    static String bare(String text) {
        if (text.length() > LONGEST) {
            return text;
        }
        Matcher letter = LETTER_UNIT.matcher(text);
        Matcher symbol = SYMBOL_UNIT.matcher(text);
        Matcher point = POINT.matcher(text);
        Matcher money = MONEY.matcher(STYLE.matcher(text).replaceAll("$1"));
        if (money.matches() && Parser.parse(money.group(1)) instanceof Num amount) {
            Rational scale = Rational.of(SHORT_SCALES.get(Character.toLowerCase(money.group(2).charAt(0))));
            return amount.value().times(scale).toString();
        }
        return point.matches() ? point.group(1) : letter.matches() ? letter.group(1) : symbol.matches() ? symbol.group(1) : text;
    }
}
