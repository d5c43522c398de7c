package answers;

import answers.Node.Call;
import answers.Node.Interval;
import answers.Node.Kind;
import answers.Node.Relation;
import answers.Node.Sequence;
import answers.Node.Sym;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.BiPredicate;

/** A union of intervals and points of the real line with constant ends: disjoint, in order, as few as possible. */
record RealSet(List<Piece> pieces) {

    private static final Node INFINITY = new Sym("oo");
    private static final Piece LINE = new Piece(Node.call("neg", INFINITY), INFINITY, Double.NEGATIVE_INFINITY,
            Double.POSITIVE_INFINITY, true, true);

    /** An interval from {@code low} to {@code high}, whose values are {@code from} and {@code to}; a point if they are equal. */
    record Piece(Node low, Node high, double from, double to, boolean lowOpen, boolean highOpen) {}

    RealSet {
        List<Piece> sorted = pieces.stream().filter(p -> p.from < p.to || p.from == p.to && !p.lowOpen && !p.highOpen)
                .sorted(Comparator.comparingDouble(Piece::from).thenComparing(Piece::lowOpen)).toList();
        List<Piece> merged = new ArrayList<>();
        for (Piece p : sorted) {
            Piece last = merged.isEmpty() ? null : merged.get(merged.size() - 1);
            if (last == null || p.from > last.to || p.from == last.to && p.lowOpen && last.highOpen) {
                merged.add(p);
            } else if (p.to > last.to || p.to == last.to && !p.highOpen) {
                merged.set(merged.size() - 1, new Piece(last.low, p.high, last.from, p.to, last.lowOpen, p.highOpen));
            }
        }
        pieces = List.copyOf(merged);
    }

    private static RealSet of(Piece... pieces) {
        return new RealSet(List.of(pieces));
    }

    /** The set that a node describes, also by inequalities of one variable; empty if it is none. */
    static Optional<RealSet> of(Node node) {
        try {
            return Optional.ofNullable(read(node));
        } catch (ArithmeticException e) {
            return Optional.empty();
        }
    }

    /** Whether a node is written as a set of reals beyond finite sets: an interval, a union, an inequality. */
    static boolean isContinuous(Node node) {
        return node instanceof Interval || node.is("cup") || node.is("cap") || node.is("setminus") || node.equals(new Sym("Reals"))
                || node instanceof Relation relation && (relation.operators().contains("in") || !relation.isEquation())
                || node instanceof Sequence sequence && (sequence.kind() == Kind.OR || sequence.kind() == Kind.LIST)
                        && sequence.items().stream().allMatch(RealSet::isContinuous);
    }

    private static RealSet read(Node node) {
        if (node instanceof Interval interval) {
            return interval(interval.low(), interval.high(), interval.lowOpen(), interval.highOpen());
        } else if (node instanceof Sequence sequence) {
            return sequence(sequence);
        } else if (node instanceof Relation relation) {
            return relation(relation);
        } else if (node.equals(new Sym("Reals"))) {
            return of(LINE);
        } else if (node.equals(new Sym("Empty"))) {
            return of();
        } else if (node instanceof Call call && (node.is("cup") || node.is("cap") || node.is("setminus"))) {
            RealSet a = read(call.args().get(0));
            RealSet b = read(call.args().get(1));
            return a == null || b == null ? null : switch (call.op()) {
                case "cup" -> a.union(b);
                case "cap" -> a.intersection(b);
                default -> a.intersection(b.complement());
            };
        }
        return point(node);
    }

    private static RealSet point(Node node) {
        double value = value(node);
        return Double.isNaN(value) ? null : of(new Piece(node, node, value, value, false, false));
    }

    private static double value(Node node) {
        return node.variables().isEmpty() ? Numeric.constant(node) : Double.NaN;
    }

    private static RealSet interval(Node low, Node high, boolean lowOpen, boolean highOpen) {
        double from = value(low);
        double to = value(high);
        return Double.isNaN(from) || Double.isNaN(to) || from > to ? null
                : of(new Piece(low, high, from, to, lowOpen || Double.isInfinite(from), highOpen || Double.isInfinite(to)));
    }

    private static RealSet sequence(Sequence sequence) {
        List<Node> items = sequence.items();
        if (sequence.kind() == Kind.TUPLE) {
            return items.size() == 2 ? interval(items.get(0), items.get(1), true, true) : null;
        }
        RealSet union = of();
        RealSet intersection = of(LINE);
        for (Node item : items) {
            RealSet set = read(item);
            if (set == null) {
                return null;
            }
            union = union.union(set);
            intersection = intersection.intersection(set);
        }
        boolean all = sequence.kind() == Kind.LIST && items.stream().allMatch(item -> item instanceof Relation);
        return all && !intersection.pieces.isEmpty() ? intersection : union; // "x < 1, x > 3" can only mean either
    }

    private static RealSet relation(Relation relation) {
        if (relation.operators().equals(List.of("in"))) {
            return read(relation.right());
        } else if (relation.variables().size() != 1 && !isName(relation)) {
            return null;
        }
        RealSet all = of(LINE);
        for (int i = 0; i < relation.operators().size(); i++) {
            RealSet part = solve(relation.sides().get(i), relation.operators().get(i), relation.sides().get(i + 1));
            if (part == null) {
                return null;
            }
            all = all.intersection(part);
        }
        return all;
    }

    private static boolean isName(Relation relation) {
        return relation.sides().stream().filter(side -> !side.variables().isEmpty()).distinct().count() == 1
                && relation.sides().stream().noneMatch(side -> side.is("+") || side.is("*") || side.is("^"));
    }

    private static RealSet solve(Node left, String op, Node right) {
        boolean constantLeft = left.variables().isEmpty();
        if (constantLeft == right.variables().isEmpty()) {
            return null;
        } else if (constantLeft) {
            return solve(right, flipped(op), left);
        } else if (left.is("abs") && isUnknown(left.parts().get(0))) {
            RealSet positive = ray(op, right);
            RealSet negative = ray(flipped(op), Node.call("neg", right));
            return op.startsWith("<") ? positive.intersection(negative) : op.startsWith(">") ? positive.union(negative) : null;
        } else if (isUnknown(left)) {
            return ray(op, right);
        }
        return linear(left, op, right);
    }

    private static boolean isUnknown(Node node) {
        return node instanceof Sym || node.is("apply") || node.is("index");
    }

    /** {@code a x + b < c} with rational numbers. */
    private static RealSet linear(Node left, String op, Node right) {
        Rational[] values = new Rational[3];
        for (int i = 0; i < 3; i++) {
            Rational at = Rational.of(i);
            Optional<Rational> value = Exact.of(left, name -> Numeric.CONSTANTS.contains(name) ? null : at);
            Optional<Rational> constant = Exact.of(right);
            if (value.isEmpty() || constant.isEmpty()) {
                return null;
            }
            values[i] = value.get().minus(constant.get());
        }
        Rational slope = values[1].minus(values[0]);
        if (slope.signum() == 0 || !values[2].minus(values[1]).equals(slope)
                || left.any(part -> part.is("abs") || part.is("^") || part.is("/") && !part.parts().get(1).variables().isEmpty())) {
            return null;
        }
        return ray(slope.signum() < 0 ? flipped(op) : op, new Node.Num(values[0].negate().over(slope), left.hasDecimal()
                || right.hasDecimal()));
    }

    private static RealSet ray(String op, Node end) {
        double value = value(end);
        if (Double.isNaN(value)) {
            throw new ArithmeticException("no number");
        }
        Piece below = new Piece(LINE.low, end, LINE.from, value, true, op.equals("<"));
        Piece above = new Piece(end, LINE.high, value, LINE.to, op.equals(">"), true);
        return switch (op) {
            case "<", "<=" -> of(below);
            case ">", ">=" -> of(above);
            case "=" -> of(new Piece(end, end, value, value, false, false));
            case "!=" -> of(new Piece(end, end, value, value, false, false)).complement();
            default -> throw new ArithmeticException(op);
        };
    }

    static String flipped(String op) {
        return op.startsWith("<") ? ">" + op.substring(1) : op.startsWith(">") ? "<" + op.substring(1) : op;
    }

    private RealSet union(RealSet other) {
        List<Piece> all = new ArrayList<>(pieces);
        all.addAll(other.pieces);
        return new RealSet(all);
    }

    private RealSet complement() {
        List<Piece> gaps = new ArrayList<>();
        Piece rest = LINE;
        for (Piece p : pieces) {
            if (!Double.isInfinite(p.from)) {
                gaps.add(new Piece(rest.low, p.low, rest.from, p.from, rest.lowOpen, !p.lowOpen));
            }
            rest = new Piece(p.high, LINE.high, p.to, LINE.to, !p.highOpen, true);
        }
        gaps.add(rest);
        return new RealSet(gaps.stream().filter(p -> p.from < LINE.to).toList());
    }

    private RealSet intersection(RealSet other) {
        return complement().union(other.complement()).complement();
    }

    /** Whether it is the same set as another, with equal ends. */
    boolean equal(RealSet other, BiPredicate<Node, Node> equal) {
        if (pieces.size() != other.pieces.size()) {
            return false;
        }
        for (int i = 0; i < pieces.size(); i++) {
            Piece a = pieces.get(i);
            Piece b = other.pieces.get(i);
            if (a.lowOpen != b.lowOpen || a.highOpen != b.highOpen || !equal.test(a.low, b.low) || !equal.test(a.high, b.high)) {
                return false;
            }
        }
        return true;
    }
}
