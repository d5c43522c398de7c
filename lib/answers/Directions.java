package answers;

import answers.Node.Call;
import answers.Node.Num;
import answers.Node.Text;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/** The directions that two values were given with, and times of day, where they decide which half is meant. */
final class Directions {

    private static final int HALF_DAY = 720;

    private Directions() {}

    /** The value without its directions. */
    static Node value(Node node) {
        return node.is("directed") ? value(node.parts().get(0)) : node;
    }

    private static List<String> all(Node node) {
        List<String> all = new ArrayList<>();
        for (Node at = node; at.is("directed"); at = at.parts().get(0)) {
            all.add(((Text) at.parts().get(1)).text());
        }
        return all;
    }

    /** Whether one goes east and the other west. What one of them leaves out contradicts nothing. */
    static boolean contradict(Node gold, Node answer) {
        return all(gold).stream().anyMatch(a -> all(answer).stream().anyMatch(b -> Units.contradict(a, b)));
    }

    /** Whether both are times of day of which at least one says its half. */
    static boolean areTimes(Node gold, Node answer) {
        return (half(gold) != null || half(answer) != null) && minutes(gold).isPresent() && minutes(answer).isPresent();
    }

    /** Whether two times of day are the same: 14:45 is 2:45 PM, and 2:45 may be. */
    static boolean sameTime(Node gold, Node answer) {
        int a = minutes(gold).orElseThrow();
        int b = minutes(answer).orElseThrow();
        boolean both = half(gold) != null && half(answer) != null || a >= HALF_DAY + 60 && half(gold) == null || b >= HALF_DAY + 60
                && half(answer) == null;
        return both ? a % (2 * HALF_DAY) == b % (2 * HALF_DAY) : a % HALF_DAY == b % HALF_DAY;
    }

    /** Whether one is a full hour and the other its number: 3:00 and 3. */
    static boolean isHour(Node a, Node b) {
        Node time = a.is("time") ? a : b;
        return time.parts().get(0).equals(time == a ? b : a) && time.parts().get(1).equals(Node.integer(0));
    }

    private static String half(Node node) {
        return all(node).stream().filter(direction -> direction.startsWith("time ")).findFirst().orElse(null);
    }

    /** Minutes since midnight, as far as they are said. */
    private static OptionalInt minutes(Node node) {
        Node value = value(node);
        List<Node> parts = value instanceof Call call && call.op().equals("time") ? call.args() : List.of(value, Node.integer(0));
        if (!(parts.get(0) instanceof Num hours) || !(parts.get(1) instanceof Num minutes) || !hours.value().isInteger()
                || !minutes.value().isInteger() || hours.value().signum() < 0 || hours.value().minus(Rational.of(24)).signum() > 0) {
            return OptionalInt.empty();
        }
        int hour = hours.value().numerator().intValueExact();
        String half = half(node);
        int day = half == null || hour > 12 ? hour : hour % 12 + (half.equals("time 1") ? 12 : 0);
        return OptionalInt.of(day * 60 + minutes.value().numerator().intValueExact());
    }
}
