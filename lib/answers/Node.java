package answers;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A parsed answer: an immutable tree. */
sealed interface Node {

    /** A number; {@code decimal} if it was written with a decimal point, so that it may stand for a rounded value. */
    record Num(Rational value, boolean decimal) implements Node {}

    /** A variable or constant: {@code x}, {@code a_3}, {@code pi}, {@code oo}, {@code Reals}. */
    record Sym(String name) implements Node {}

    /** An operator or function with its arguments; see {@link Parser} for the names. */
    record Call(String op, List<Node> args) implements Node {}

    /** How elements are held together: {@code a, b}, "a or b", {@code {a, b}}, {@code (a, b)}. */
    enum Kind { LIST, OR, SET, TUPLE }

    record Sequence(Kind kind, List<Node> items) implements Node {}

    record Interval(Node low, Node high, boolean lowOpen, boolean highOpen) implements Node {}

    record Matrix(List<List<Node>> rows) implements Node {

        boolean isVector() {
            return rows.size() == 1 || rows.stream().allMatch(row -> row.size() == 1);
        }

        List<Node> cells() {
            return rows.stream().flatMap(List::stream).toList();
        }
    }

    /** A chain {@code a < b = c}: one operator less than sides. */
    record Relation(List<Node> sides, List<String> operators) implements Node {

        Node left() {
            return sides.get(0);
        }

        Node right() {
            return sides.get(sides.size() - 1);
        }

        boolean isEquation() {
            return operators.stream().allMatch(op -> op.equals("=") || op.equals("~"));
        }
    }

    /** Text that is not mathematics. */
    record Text(String text) implements Node {}

    static Node call(String op, Node... args) {
        return new Call(op, List.of(args));
    }

    static Node integer(long value) {
        return new Num(Rational.of(value), false);
    }

    default boolean is(String op) {
        return this instanceof Call call && call.op.equals(op);
    }

    /** The direct parts of this node. */
    default List<Node> parts() {
        if (this instanceof Call call) {
            return call.args;
        } else if (this instanceof Sequence sequence) {
            return sequence.items;
        } else if (this instanceof Interval interval) {
            return List.of(interval.low, interval.high);
        } else if (this instanceof Matrix matrix) {
            return matrix.cells();
        } else if (this instanceof Relation relation) {
            return relation.sides;
        }
        return List.of();
    }

    default boolean any(Predicate<Node> test) {
        return test.test(this) || parts().stream().anyMatch(part -> part.any(test));
    }

    default boolean hasDecimal() {
        return any(node -> node instanceof Num num && num.decimal);
    }

    /** Names of the variables: symbols that are no constant. */
    default Set<String> variables() {
        Set<String> names = new TreeSet<>();
        any(node -> {
            if (node instanceof Sym sym && !Numeric.CONSTANTS.contains(sym.name)) {
                names.add(sym.name);
            }
            return false;
        });
        return names;
    }

    private Stream<Node> terms(String op) {
        return is(op) ? parts().stream().flatMap(part -> part.terms(op)) : Stream.of(this);
    }

    /** Returns the canonical form of this tree; sets and lists are sorted and without duplicates. */
    default String canonical() {
        List<String> parts = parts().stream().map(Node::canonical).toList();
        if (this instanceof Num num) {
            return num.value.toString();
        } else if (this instanceof Sym sym) {
            return sym.name;
        } else if (this instanceof Text text) {
            return text.text;
        } else if (this instanceof Relation relation) {
            return String.join(relation.operators.get(0), parts);
        } else if (this instanceof Interval interval) {
            return (interval.lowOpen ? "(" : "[") + String.join(",", parts) + (interval.highOpen ? ")" : "]");
        } else if (this instanceof Sequence sequence && sequence.kind != Kind.TUPLE) {
            List<String> items = parts.stream().distinct().sorted().toList();
            return items.size() == 1 && sequence.kind != Kind.SET ? items.get(0) : items.stream().collect(Collectors.joining(",", "{",
                    "}"));
        } else if (is("+") || is("*")) {
            return ((Call) this).op + terms(((Call) this).op).map(Node::canonical).sorted().collect(Collectors.joining(",", "(", ")"));
        }
        return (this instanceof Call call ? call.op : "") + "(" + String.join(",", parts) + ")";
    }
}
