package answers;

import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Units of measure that are written with a value. The value of an answer is compared without them, but a strict judge does not take
 * kilometers for the miles of the reference.
 */
final class Measures {

    private static final int LONGEST = 200;
    private static final Map<String, String> UNITS = new HashMap<>();
    private static final Map<String, Integer> POWERS = Map.of("square", 2, "sq", 2, "squared", 2, "cubic", 3, "cu", 3, "cubed", 3);
    private static final Pattern STYLE = Pattern.compile("\\\\(?:text|mathrm|textbf|mbox|textrm|operatorname|mathbf)\\s*\\{([^{}]*)\\}");
    private static final Pattern SYMBOL = Pattern.compile("\\\\?\\$(?=\\s?[\\d.])|\\\\\\$|[€£¥₹¢]");
    private static final Pattern BEHIND = Pattern
            .compile("[\\d})!%]\\s*((?:[A-Za-z°/*. ]|(?<=[A-Za-z])\\^\\{?-?\\d\\}?|(?<=[A-Za-z])[23](?!\\d))+)\\z");
    private static final Pattern PART = Pattern.compile("\\s*(/|per\\b)?\\s*([A-Za-z°]+)(?:\\^?\\{?(-?\\d)\\}?)?");

    static {
        names("meter", "m meters metre metres");
        names("centimeter", "cm centimeters centimetre centimetres");
        names("millimeter", "mm millimeters millimetre millimetres");
        names("kilometer", "km kilometers kilometre kilometres");
        names("mile", "mi miles");
        names("foot", "ft feet");
        names("inch", "inches in");
        names("yard", "yd yds yards");
        names("gram", "g grams");
        names("kilogram", "kg kgs kilograms kilos");
        names("milligram", "mg milligrams");
        names("pound", "lb lbs pounds £");
        names("ounce", "oz ounces");
        names("ton", "tons");
        names("second", "s sec secs seconds");
        names("minute", "min mins minutes");
        names("hour", "h hr hrs hours");
        names("day", "days");
        names("week", "weeks");
        names("month", "months");
        names("year", "yr yrs years");
        names("liter", "L l liters litre litres");
        names("milliliter", "mL ml milliliters millilitre millilitres");
        names("gallon", "gal gallons");
        names("dollar", "$ dollars USD");
        names("cent", "¢ cents");
        names("euro", "€ euros EUR");
        names("yen", "¥ JPY");
        names("rupee", "₹ rupees Rs INR");
        names("newton", "N newtons");
        names("joule", "J joules");
        names("kilojoule", "kJ kilojoules");
        names("watt", "W watts");
        names("kilowatt", "kW kilowatts");
        names("volt", "V volts");
        names("hertz", "Hz");
        names("kilohertz", "kHz");
        names("megahertz", "MHz");
        names("pascal", "Pa pascals");
        names("kilopascal", "kPa");
        names("celsius", "C °C");
        names("fahrenheit", "F °F");
    }

    private Measures() {}

    private static void names(String unit, String others) {
        UNITS.put(unit, unit);
        for (String other : others.split(" ")) {
            UNITS.put(other, unit);
        }
    }

    /** Whether both texts name units that are known, and different ones. */
    static boolean contradict(String gold, String answer) {
        Map<String, Integer> expected = of(gold);
        Map<String, Integer> said = of(answer);
        return !expected.isEmpty() && !said.isEmpty() && !expected.equals(said);
    }

    /** The units of a value with their powers; empty if there are none, or one is not known. */
    private static Map<String, Integer> of(String text) {
        if (text.length() > LONGEST || Compound.values(text).isPresent()) {
            return Map.of();
        }
        String plain = STYLE.matcher(text).replaceAll(" $1 ").replaceAll("\\^\\{?\\\\circ\\}?\\s*(?=[CF]\\b)", "°").replaceAll(
                "\\\\[ ,;:!]|~", " ").replaceAll("\\s+(?=\\^)", "").replaceAll("\\\\cdot(?![A-Za-z])", "*")
                .replaceAll("\\\\[A-Za-z]+", "0");
        Matcher symbol = SYMBOL.matcher(plain);
        if (symbol.find()) {
            return UNITS.containsKey(symbol.group().replace("\\", "")) ? Map.of(UNITS.get(symbol.group().replace("\\", "")), 1) : Map.of();
        }
        Matcher behind = BEHIND.matcher(plain.replaceAll("[\\s.$]+$", ""));
        return behind.find() ? powers(behind.group(1).replace("mph", "miles per hour").replaceAll("\\b(?:kmh|kph)\\b",
                "km/h")) : Map.of();
    }

    private static Map<String, Integer> powers(String words) {
        Map<String, Integer> powers = new TreeMap<>();
        Matcher part = PART.matcher(words);
        int next = 1;
        String last = null;
        int below = 1;
        while (part.find()) {
            String word = part.group(2);
            int sign = part.group(1) == null ? 1 : -1;
            if (POWERS.containsKey(word)) {
                if (word.endsWith("ed") && last != null) {
                    powers.merge(last, below * (POWERS.get(word) - 1), Integer::sum);
                } else {
                    next = sign * POWERS.get(word);
                }
                continue;
            }
            last = UNITS.get(word);
            if (last == null) {
                return Map.of();
            }
            below = sign;
            powers.merge(last, sign * next * (part.group(3) == null ? 1 : Integer.parseInt(part.group(3))), Integer::sum);
            next = 1;
        }
        return powers;
    }
}
