package answers;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A quantity in two units, the second a part of the first: 2 hours 30 minutes, 5 feet 6 inches, 3 kg 200 g. */
final class Compound {

    private static final Map<String, List<String>> UNITS = Map.ofEntries(unit("hour", "h hr hrs"), unit("minute", "min mins m"),
            unit("second", "sec secs s"), unit("day", "d"), unit("week", "wk"), unit("month", "mo"), unit("year", "yr yrs"),
            unit("foot", "feet ft"), unit("inch", "inches in"), unit("yard", "yd yds"), unit("pound", "lb lbs"), unit("ounce", "oz"),
            unit("dollar", ""), unit("cent", ""), unit("kilogram", "kg"), unit("gram", "g"), unit("kilometer", "km kilometre kilometres"),
            unit("meter", "m metre metres"), unit("centimeter", "cm centimetre centimetres"), unit("dozen", ""));
    private static final List<Map.Entry<String, Integer>> PARTS = List.of(Map.entry("hour minute", 60), Map.entry("minute second", 60),
            Map.entry("day hour", 24), Map.entry("week day", 7), Map.entry("year month", 12), Map.entry("foot inch", 12),
            Map.entry("yard foot", 3), Map.entry("pound ounce", 16), Map.entry("dollar cent", 100), Map.entry("kilogram gram", 1000),
            Map.entry("kilometer meter", 1000), Map.entry("meter centimeter", 100));
    private static final Pattern SAID = Pattern.compile("(\\d{1,9}) ?([a-z]+)\\.?,? (?:and )?(\\d{1,9}(?:\\.\\d{1,6})?) ?([a-z]+)\\.?");

    private static final Pattern MIXED = Pattern
            .compile("(\\d{1,9}) ?and ?(?:\\\\[dt]?frac)?[{ ]*(\\d{1,4}|\\d(?=\\d))[} ]*[/{ ]*([1-9]\\d{0,3})\\}?"
                    + "(?: [a-z]+)?");

    private Compound() {}

    private static Map.Entry<String, List<String>> unit(String name, String others) {
        List<String> spellings = new ArrayList<>(List.of(name, name + "s"));
        spellings.addAll(List.of(others.split(" ")));
        return Map.entry(name, spellings);
    }

    /** The values of such a quantity, in its first and in its second unit; empty if a text is none. */
    static Optional<List<Rational>> values(String text) {
        String plain = text.length() > 100 ? "" : text.replaceAll("\\\\(?:text|mathrm|mbox|textbf)\\s*\\{([^{}]*)}", " $1 ")
                .replaceAll("\\\\[,;: !]|[~$*]", " ").replaceAll("\\s+", " ").strip().toLowerCase(Locale.ROOT);
        Matcher mixed = MIXED.matcher(plain);
        if (mixed.matches()) {
            Rational part = Rational.of(new BigDecimal(mixed.group(2))).over(Rational.of(new BigDecimal(mixed.group(3))));
            return part.signum() > 0 && part.minus(Rational.ONE).signum() < 0
                    ? Optional.of(List.of(Rational.of(new BigDecimal(mixed.group(1))).plus(part)))
                    : Optional.empty();
        }
        Matcher said = SAID.matcher(plain);
        if (!said.matches()) {
            return Optional.empty();
        }
        for (Map.Entry<String, Integer> part : PARTS) {
            String[] units = part.getKey().split(" ");
            if (UNITS.get(units[0]).contains(said.group(2)) && UNITS.get(units[1]).contains(said.group(4))) {
                Rational many = Rational.of(part.getValue());
                Rational fine = Rational.of(new BigDecimal(said.group(1))).times(many).plus(Rational.of(new BigDecimal(said.group(3))));
                return Optional.of(List.of(fine.over(many), fine));
            }
        }
        return Optional.empty();
    }
}
