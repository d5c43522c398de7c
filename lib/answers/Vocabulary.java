package answers;

import java.util.Map;
import java.util.Set;

/** What commands, words and signs mean in answers. */
final class Vocabulary {

    static final Set<String> FUNCTIONS = Set.of("sin", "cos", "tan", "cot", "sec", "csc", "arcsin", "arccos", "arctan", "sinh",
            "cosh", "tanh", "ln", "log", "lg", "exp", "max", "min", "gcd", "lcm", "det", "Re", "Im", "abs", "floor", "ceil");

    static final Set<String> SKIPPED = Set.of("left", "right", "big", "Big", "bigl", "bigr", "Bigl", "Bigr", "bigg", "Bigg", "biggl",
            "biggr", "displaystyle", "textstyle", "limits", "quad", "qquad", ",", ";", "!", ":", " ", "enspace", "middle", "boxed",
            "fbox", "framebox", "mathbf", "vec", "bm", "boldsymbol", "mathit", "mathcal", "hat", "overrightarrow", "rm", "bf", "hline",
            "triangle", "mathop", "nolimits", "-", "/", "$", "mathsf", "Rs", "underline", "(", ")", "[", "]", "tiny", "small", "large",
            "Large");
    /** Commands whose first argument is about looks. */
    static final Set<String> IGNORED_ARGUMENTS = Set.of("color", "textcolor", "hspace", "vspace", "phantom", "hphantom", "vphantom",
            "label", "tag", "cancel", "bcancel", "xcancel", "sout", "hcancel");
    static final Set<String> TEXTS = Set.of("text", "textbf", "textit", "textrm", "mbox", "textnormal", "mathrm",
            "operatorname", "hbox", "textsf", "texttt", "emph", "operatorname*");
    static final Map<String, String> OPERATORS = Map.ofEntries(Map.entry("cdot", "*"), Map.entry("times", "*"),
            Map.entry("ast", "*"), Map.entry("div", "/"), Map.entry("pm", "pm"), Map.entry("mp", "mp"), Map.entry("le", "<="),
            Map.entry("leq", "<="), Map.entry("leqslant", "<="), Map.entry("ge", ">="), Map.entry("geq", ">="),
            Map.entry("geqslant", ">="), Map.entry("lt", "<"), Map.entry("gt", ">"), Map.entry("ne", "!="), Map.entry("neq", "!="),
            Map.entry("approx", "~"), Map.entry("simeq", "~"), Map.entry("thickapprox", "~"), Map.entry("equiv", "="),
            Map.entry("in", "in"), Map.entry("cup", "cup"), Map.entry("cap", "cap"), Map.entry("setminus", "setminus"),
            Map.entry("backslash", "setminus"), Map.entry("colon", ":"), Map.entry("circ", "circ"), Map.entry("degree", "deg"),
            Map.entry("lfloor", "lfloor"), Map.entry("rfloor", "rfloor"), Map.entry("lceil", "lceil"), Map.entry("rceil", "rceil"),
            Map.entry("{", "\\{"), Map.entry("}", "\\}"), Map.entry("lbrace", "\\{"), Map.entry("rbrace", "\\}"),
            Map.entry("langle", "<<"), Map.entry("rangle", ">>"), Map.entry("lvert", "|"), Map.entry("rvert", "|"),
            Map.entry("vert", "|"), Map.entry("mid", "|"), Map.entry("|", "|"), Map.entry("%", "%"), Map.entry("&", "&"),
            Map.entry("choose", "choose"), Map.entry("over", "over"), Map.entry("pmod", "mod"), Map.entry("bmod", "mod"),
            Map.entry("mod", "mod"), Map.entry("land", "and"), Map.entry("wedge", "and"), Map.entry("lor", "or"), Map.entry("vee",
                    "or"),
            Map.entry("lbrack", "["), Map.entry("rbrack", "]"), Map.entry("prime", "'"), Map.entry("newline", "\\\\"));
    static final Map<String, String> NAMES = Map.of("infty", "oo", "emptyset", "Empty", "varnothing", "Empty", "ldots", "...",
            "dots", "...", "cdots", "...", "dotsc", "...", "imath", "i", "varepsilon", "epsilon");
    static final Map<String, String> WORDS = Map.ofEntries(Map.entry("and", "and"), Map.entry("or", "or"),
            Map.entry("percent", "%"), Map.entry("mod", "mod"), Map.entry("percentage", "%"), Map.entry("pct", "%"),
            Map.entry("degrees", "deg"),
            Map.entry("degree", "deg"), Map.entry("deg", "deg"), Map.entry("或", "or"), Map.entry("和", "and"), Map.entry("与", "and"));
    /** Words of prose that would otherwise read as products of variables. */
    static final Set<String> PROSE = Set.of("the", "is", "so", "of", "to", "it", "we", "be", "by", "an", "as", "at", "if", "for",
            "are", "not", "was", "has", "all", "one", "two", "six", "ten", "yes", "no", "its", "per", "she", "he", "his", "her", "can",
            "may", "get", "let", "had", "but", "now", "odd", "my", "our", "on", "sum");
    static final Map<Character, String> SIGNS = Map.ofEntries(Map.entry('×', "*"), Map.entry('·', "*"), Map.entry('⋅', "*"),
            Map.entry('∙', "*"), Map.entry('÷', "/"), Map.entry('−', "-"), Map.entry('–', "-"), Map.entry('≤', "<="),
            Map.entry('≥', ">="), Map.entry('⩽', "<="), Map.entry('⩾', ">="), Map.entry('≡', "="), Map.entry('≠', "!="),
            Map.entry('≈', "~"), Map.entry('∪', "cup"), Map.entry('∩', "cap"),
            Map.entry('∈', "in"), Map.entry('°', "deg"), Map.entry('±', "pm"), Map.entry('∓', "mp"), Map.entry('（', "("),
            Map.entry('）', ")"), Map.entry('，', ","), Map.entry('⟨', "<<"), Map.entry('⟩', ">>"), Map.entry('’', "'"),
            Map.entry('\'', "'"), Map.entry('：', ":"));
    static final Map<Character, String> UNICODE_NAMES = Map.of('π', "pi", '∞', "oo", 'ℝ', "Reals", '∅', "Empty", '…', "...",
            'θ', "theta", 'α', "alpha", 'β', "beta", 'λ', "lambda");
    /** Units of one to three letters, which would otherwise read as products of variables. */
    static final Set<String> UNITS = Set.of("cm", "mm", "km", "nm", "kg", "mg", "lb", "lbs", "oz", "ft", "in", "yd", "mi",
            "mph", "kmh", "hr", "hrs", "min", "sec", "ms", "ml", "mL", "kJ", "eV", "Hz", "kHz", "MHz", "Pa", "kPa", "AM", "PM", "am",
            "pm", "BC", "BCE", "AD", "CE", "th", "st", "nd", "rd", "USD", "EUR", "mol", "sq", "pts", "rad", "deg", "erg", "atm", "AU", "pc",
            "cal", "bps", "GB", "MB", "TB");

    /** What follows is where the answer holds: 2x \text{ for all } x. */
    static final Set<String> QUANTIFIERS = Set.of("for all", "for any", "for every", "for each");
    /** Units of one letter, when upright behind a number. */
    static final String LETTER_UNITS = "msghNJWVAKCFLTH";

    /** Words before a value that do not change what it says. */
    static final Set<String> NEUTRAL = Set.of("the", "answer", "is", "are", "about", "approximately", "therefore", "thus", "so", "final",
            "equals", "it", "we", "get", "have", "value", "of", "total", "result", "exactly", "that", "hence", "to", "there", "obtain",
            "答案是", "答案为", "答案", "答", "共", "一共");

    /** Sets in words. */
    static final Map<String, String> SETS = Map.ofEntries(Map.entry("all real numbers", "Reals"), Map.entry("all reals", "Reals"),
            Map.entry("no solution", "Empty"), Map.entry("no solutions", "Empty"), Map.entry("no real solution", "Empty"),
            Map.entry("no real solutions", "Empty"), Map.entry("empty set", "Empty"), Map.entry("the empty set", "Empty"));

    /** Times of day in one word, with the half of the day that is meant. */
    static final Map<String, String> TIMES = Map.of("noon", "time 1", "midday", "time 1", "midnight", "time 0");

    /** Codes before an amount of money. */
    static final Set<String> CURRENCIES = Set.of("USD", "EUR", "GBP", "CAD", "AUD", "INR", "US", "Rs", "RM", "NT", "HK");

    private Vocabulary() {}
}
