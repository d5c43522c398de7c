package answers;

import answers.LatexLexer.Token;
import answers.LatexLexer.Type;
import answers.LatexLexer.Unreadable;
import answers.Node.Call;
import answers.Node.Kind;
import answers.Node.Num;
import answers.Node.Relation;
import answers.Node.Sequence;
import answers.Node.Sym;
import answers.Node.Text;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Reads one answer, LaTeX or plain, into a tree: recursive descent of bounded depth, linear in the length of the text.
 * Units and other words behind a value are dropped.
 *
 * <p>Operators: {@code + * / ^ neg pm mp ! percent degree ratio cup cap setminus abs sqrt root base index}, and functions by
 * their names; {@code apply} is an unknown function.
 */
final class Parser extends Cursor {

    /** Longest answer that is read, in characters. */
    static final int MAX_LENGTH = 5000;

    private static final Set<String> RELATIONS = Set.of("=", "~", "<", "<=", ">", ">=", "!=", "in");
    private static final Set<String> SEPARATORS = Set.of(",", ";", "and", "or");

    /** Whether a bar closes here, rather than opens an absolute value. */
    boolean inBars;

    private Parser(List<Token> tokens) {
        super(tokens);
    }

    /** The tree of a text; {@link Text} where it is not read as mathematics, never an exception. */
    static Node parse(String text) {
        try {
            if (text.length() > MAX_LENGTH) {
                return new Text(text);
            }
            Parser parser = new Parser(LatexLexer.tokens(Characters.plain(text)));
            Node node = parser.list();
            node = parser.accept("over") ? Node.call("/", node, parser.list()) : node;
            while (parser.is("\\\\") || parser.is(",") || parser.is(":")) {
                parser.at++;
            }
            return parser.peek().type() == Type.END ? node : new Text(text);
        } catch (Unreadable e) {
            return new Text(text);
        }
    }

    /** Items between separators; a semicolon separates more than a comma. */
    Node list() {
        deeper();
        List<Node> all = new ArrayList<>();
        List<Node> run = new ArrayList<>();
        boolean or = false;
        boolean comma = false;
        boolean semicolon = false;
        run.add(relation());
        while (peek().type() == Type.OP && SEPARATORS.contains(peek().text()) && tokens.get(at + 1).type() != Type.END) {
            while (peek().type() == Type.OP && SEPARATORS.contains(peek().text())) {
                or |= is("or");
                comma |= is(",");
                if (is(";")) {
                    semicolon = true;
                    flush(run, all);
                }
                at++;
            }
            if (closes()) {
                break;
            }
            run.add(relation());
        }
        depth--;
        if (!semicolon || !comma) {
            all.addAll(run);
            return all.size() == 1 ? all.get(0) : new Sequence(or ? Kind.OR : Kind.LIST, List.copyOf(all));
        }
        flush(run, all);
        return new Sequence(Kind.LIST, List.copyOf(all));
    }

    private static void flush(List<Node> run, List<Node> all) {
        if (!run.isEmpty()) {
            all.add(run.size() == 1 ? run.get(0) : new Sequence(Kind.LIST, List.copyOf(run)));
            run.clear();
        }
    }

    /** Whether what was read may stand for itself here. */
    boolean isWhole() {
        return closes() || RELATIONS.contains(peek().text()) || SEPARATORS.contains(peek().text());
    }

    private boolean closes() {
        return peek().type() == Type.END || is(")") || is("]") || is("}") || is("\\}") || is(">>");
    }

    /** What may begin with its sign: {@code = 5}, {@code \approx 6.28}. */
    Node relation() {
        if (is("=") || is("~")) {
            at++;
        }
        List<Node> sides = new ArrayList<>(List.of(side()));
        List<String> operators = new ArrayList<>();
        while (peek().type() == Type.OP && RELATIONS.contains(peek().text())) {
            operators.add(tokens.get(at++).text());
            sides.add(side());
        }
        Node node = sides.size() == 1 ? sides.get(0) : new Relation(List.copyOf(sides), List.copyOf(operators));
        boolean bracketed = startsModulus();
        at += bracketed ? 1 : 0;
        if (accept("mod")) {
            node = Node.call("modulo", node, product());
            if (bracketed) {
                expect(")");
            }
        }
        return node;
    }

    /** (mod 5). */
    private boolean startsModulus() {
        return is("(") && tokens.get(at + 1).is("mod");
    }

    private Node side() {
        if (peek().type() == Type.NAME && peek().text().equals("a") && tokens.get(at + 1).type() == Type.TEXT) {
            return new Words(this).read();
        }
        Node node = peek().type() == Type.TEXT ? new Words(this).read() : ratio();
        return new Quantities(this).behind(node, List.of());
    }

    Node ratio() {
        Node first = union();
        if (!is(":")) {
            return first;
        }
        List<Node> parts = new ArrayList<>(List.of(first));
        int start = at - 1;
        while (is(":") && tokens.get(at + 1).type() != Type.END) {
            at++;
            parts.add(union());
        }
        boolean time = parts.size() == 2 && at - start == 3 && tokens.get(start + 2).text().length() == 2
                && tokens.get(start).type() == Type.NUMBER && tokens.get(start + 2).type() == Type.NUMBER
                && tokens.get(start).text().length() <= 2;
        return parts.size() == 1 ? first : new Call(time ? "time" : "ratio", List.copyOf(parts));
    }

    private Node union() {
        Node node = sum();
        while (is("cup") || is("cap") || is("setminus")) {
            node = Node.call(tokens.get(at++).text(), node, sum());
        }
        return node;
    }

    Node sum() {
        deeper();
        Node node = is("pm") || is("mp") || is("+") || is("-") ? null : product();
        while (is("+") || is("-") || is("pm") || is("mp")) {
            String op = tokens.get(at++).text();
            Node term = product();
            if (op.equals("+") || op.equals("-")) {
                term = op.equals("-") ? negated(term) : term;
                node = node == null ? term : Node.call("+", node, term);
            } else {
                node = Node.call(op, node == null ? Node.integer(0) : node, term);
            }
        }
        depth--;
        return node;
    }

    private static Node negated(Node node) {
        return node instanceof Num num ? new Num(num.value().negate(), num.decimal()) : Node.call("neg", node);
    }

    Node product() {
        Node node = factor(true);
        while (true) {
            if (accept("*")) {
                node = Node.call("*", node, factor(true));
            } else if (accept("/")) {
                if (peek().type() == Type.TEXT) {
                    return node; // 5 per hour
                }
                node = Node.call("/", node, factor(true));
            } else if (startsFactor()) {
                Token before = tokens.get(at - 1);
                if (peek().type() == Type.NUMBER && !before.is(")") && !before.is("}") && !before.is("|") && !before.is("!")) {
                    node = mixed(node);
                } else if (node instanceof Num whole && peek().text().equals("frac")) {
                    node = mixedFraction(whole);
                } else {
                    node = Node.call("*", node, factor(false));
                }
            } else {
                return node;
            }
        }
    }

    /** {@code 1 1/2}. */
    private Node mixed(Node whole) {
        boolean fraction = whole instanceof Num num && num.value().isInteger() && peek().value().value().isInteger()
                && tokens.get(at + 1).is("/") && tokens.get(at + 2).type() == Type.NUMBER;
        if (!fraction) {
            throw new Unreadable("a number after a value");
        }
        Rational part = quotient(tokens.get(at).value().value(), tokens.get(at + 2).value().value());
        if (part.signum() == 0 || part.minus(Rational.ONE).signum() >= 0) {
            throw new Unreadable("a mixed number without a proper fraction");
        }
        at += 3;
        return postfix(new Num(part.plus(((Num) whole).value()), false));
    }

    private static Rational quotient(Rational a, Rational b) {
        if (b.signum() == 0) {
            throw new Unreadable("division by zero");
        }
        return a.over(b);
    }

    /** {@code 1\frac{1}{2}} is one and a half; {@code 2\frac{x}{3}} and {@code 2\frac{5}{3}} are products. */
    private Node mixedFraction(Num whole) {
        Node right = atom();
        boolean mixed = right instanceof Call call && call.op().equals("/") && call.args().get(0) instanceof Num a
                && call.args().get(1) instanceof Num b && a.value().isInteger() && b.value().isInteger() && whole.value().isInteger()
                && a.value().signum() > 0 && a.value().numerator().compareTo(b.value().numerator()) < 0;
        if (!mixed) {
            return Node.call("*", whole, postfix(right));
        }
        Rational part = quotient(((Num) right.parts().get(0)).value(), ((Num) right.parts().get(1)).value());
        return postfix(new Num(whole.value().plus(whole.value().signum() < 0 ? part.negate() : part), false));
    }

    private boolean startsFactor() {
        Token token = peek();
        return token.type() == Type.NUMBER || token.type() == Type.NAME
                || token.type() == Type.COMMAND && !token.text().startsWith("end ")
                || is("(") && !startsModulus() || is("{") || is("\\{") || is("[") && !tokens.get(at - 1).is("^") && !endsInterval()
                || is("lfloor")
                || is("lceil")
                || is("|") && !inBars;
    }

    /** Whether a bracket that opens stands where the interval ]1, 2[ ends. */
    private boolean endsInterval() {
        Token next = tokens.get(at + 1);
        return next.type() == Type.END || next.is("cup") || next.is("cap") || next.is(",") || next.is("}");
    }

    Node factor(boolean signed) {
        deeper();
        try {
            if (signed && accept("-")) {
                return negated(factor(true));
            } else if (signed && accept("+")) {
                return factor(true);
            }
            return postfix(atom());
        } finally {
            depth--;
        }
    }

    private Node postfix(Node node) {
        while (true) {
            if (accept("!")) {
                node = Node.call("!", node);
            } else if (accept("%")) {
                node = Node.call("percent", node);
            } else if (accept("deg")) {
                node = degree(node);
            } else if (accept("'")) {
                node = node instanceof Sym sym ? new Sym(sym.name() + "'") : node;
            } else if (accept("_")) {
                node = index(node);
            } else if (accept("^")) {
                node = power(node);
            } else {
                return node;
            }
        }
    }

    private Node power(Node base) {
        int before = at;
        if (ordinal()) {
            return base;
        }
        boolean brace = accept("{");
        if (accept("circ") || accept("deg")) {
            if (brace) {
                expect("}");
            }
            return degree(base);
        } else if (accept("'")) {
            while (accept("'") || accept("}")) {
                continue;
            }
            return base instanceof Sym sym ? new Sym(sym.name() + "'") : base;
        }
        at = before;
        Node exponent = is("-") || is("+") ? factor(true) : atomOrPower();
        return Node.call("^", base, exponent);
    }

    /** {@code 7^{th}}. */
    private boolean ordinal() {
        int end = at;
        StringBuilder letters = new StringBuilder();
        while (tokens.get(end).is("{") || tokens.get(end).type() == Type.TEXT || tokens.get(end).type() == Type.NAME) {
            letters.append(tokens.get(end).is("{") ? "" : tokens.get(end).text().strip());
            end++;
        }
        boolean ordinal = List.of("st", "nd", "rd", "th").contains(letters.toString());
        at = ordinal ? end + (tokens.get(end).is("}") ? 1 : 0) : at;
        return ordinal;
    }

    /** An angle, or a temperature: {@code 25^\circ C}. */
    private Node degree(Node node) {
        if (peek().type() == Type.NAME && Set.of("C", "F").contains(peek().text())) {
            at++;
        }
        return Node.call("degree", node);
    }

    private Node atomOrPower() {
        Node node = atom();
        return accept("^") ? power(node) : is("!") ? postfix(node) : node;
    }

    /** A subscript: part of the name, the base of a number, or an index that is an expression. */
    private Node index(Node node) {
        String spelling = tokens.get(at - 2).text();
        Node said = peek().type() == Type.TEXT ? new Text(tokens.get(at++).text()) : textOrAtom();
        Node subscript = node instanceof Num && said instanceof Text text ? Words.number(text.text()).orElse(said) : said;
        if (node instanceof Num && subscript instanceof Num base && base.value().isInteger()) {
            return base.value().equals(Rational.of(10)) ? node : Node.call("base", new Sym(spelling), subscript);
        } else if (node instanceof Sym sym && (subscript instanceof Num || subscript instanceof Text)) {
            return new Sym(sym.name() + "_" + subscript.canonical());
        }
        return Node.call("index", node, subscript);
    }

    private Node textOrAtom() {
        if (is("{") && tokens.get(at + 1).type() == Type.TEXT && tokens.get(at + 2).is("}")) {
            at += 3;
            return new Text(tokens.get(at - 2).text());
        }
        return atom();
    }

    Node atom() {
        Token token = peek();
        at++;
        switch (token.type()) {
            case NUMBER:
                return token.value();
            case NAME:
                return new Brackets(this).name(token);
            case COMMAND:
                return new LatexCommands(this).read(token.text());
            case OP:
                return new Brackets(this).read(token.text());
            default:
                throw new Unreadable("not read as mathematics");
        }
    }

    /** The elements of a list, or the one thing that is none. */
    static List<Node> items(Node node) {
        return node instanceof Sequence sequence && (sequence.kind() == Kind.LIST || sequence.kind() == Kind.OR) ? sequence.items()
                : List.of(node);
    }
}
