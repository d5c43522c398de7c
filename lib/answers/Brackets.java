package answers;

import answers.LatexLexer.Token;
import answers.LatexLexer.Unreadable;
import answers.Node.Call;
import answers.Node.Interval;
import answers.Node.Kind;
import answers.Node.Sequence;
import answers.Node.Sym;
import answers.Node.Text;
import java.util.ArrayList;
import java.util.List;

/** What stands in brackets: groups, tuples, intervals, sets, absolute values, arguments of functions. */
final class Brackets {

    private static final List<String> INVERSE = List.of("^", "{", "-", "1", "}", "(");

    private final Parser in;

    Brackets(Parser in) {
        this.in = in;
    }

    /** A letter, or an unknown function with its arguments: f(x), f^{-1}(x), P(A). */
    Node name(Token token) {
        String name = token.text();
        if (name.length() != 1 || name.compareTo("a") >= 0 && !"fgh".contains(name)) {
            return new Sym(name);
        } else if ("fgh".contains(name) && isNext(INVERSE)) {
            in.at += INVERSE.size() - 1;
            name += "^-1";
        } else if (!in.is("(") || in.peek().spaced()) {
            return new Sym(name);
        }
        int open = in.at++;
        Node arguments = in.list();
        in.expect(")");
        if (Character.isUpperCase(name.charAt(0)) && (in.at - open > 3 && !(arguments instanceof Sequence))) {
            return Node.call("*", new Sym(name), arguments); // A(b+c)
        }
        List<Node> all = new ArrayList<>(List.of(new Sym(name)));
        all.addAll(arguments instanceof Sequence sequence ? sequence.items() : List.of(arguments));
        return new Call("apply", List.copyOf(all));
    }

    private boolean isNext(List<String> texts) {
        List<Token> rest = in.tokens.subList(in.at, in.tokens.size());
        return rest.size() > texts.size() && rest.subList(0, texts.size()).stream().map(Token::text).toList().equals(texts);
    }

    Node read(String open) {
        in.deeper();
        boolean bars = in.inBars;
        in.inBars = false;
        Node node;
        switch (open) {
            case "{" -> {
                node = in.is("}") ? new Text("") : in.list();
                node = in.accept("choose") ? Node.call("binom", node, in.list()) : in.accept("over") ? Node.call("/", node, in.list())
                        : node;
                in.expect("}");
            }
            case "\\{" -> node = set();
            case "<<" -> {
                node = new Sequence(Kind.TUPLE, Parser.items(in.list()));
                in.expect(">>");
            }
            case "|" -> {
                in.inBars = true;
                node = Node.call("abs", in.ratio());
                in.expect("|");
            }
            case "lfloor", "lceil" -> {
                node = Node.call(open.equals("lfloor") ? "floor" : "ceil", in.sum());
                in.expect(open.equals("lfloor") ? "rfloor" : "rceil");
            }
            case "(", "[", "]" -> node = parenthesised(open);
            default -> throw new Unreadable(open + " is out of place");
        }
        in.inBars = bars;
        in.depth--;
        return node;
    }

    private Node parenthesised(String open) {
        Node inside = in.list();
        String close = in.peek().text();
        in.at++;
        if (!close.equals(")") && !close.equals("]") && !close.equals("[")) {
            throw new Unreadable("not closed");
        }
        boolean round = open.equals("(") && close.equals(")");
        if (!(inside instanceof Sequence sequence) || sequence.kind() == Kind.SET || sequence.kind() == Kind.TUPLE) {
            return inside;
        } else if (round || sequence.items().size() != 2) {
            return new Sequence(Kind.TUPLE, sequence.items());
        }
        return new Interval(sequence.items().get(0), sequence.items().get(1), !open.equals("["), !close.equals("]"));
    }

    /** {@code {1, 2}} or {@code {x | x > 2}}. */
    private Node set() {
        if (in.accept("\\}")) {
            return new Sym("Empty");
        }
        in.inBars = true;
        Node inside = in.list();
        in.inBars = false;
        if (in.accept("|") || in.accept(":")) {
            inside = Node.call("builder", in.list());
        }
        in.expect("\\}");
        return inside.is("builder") ? inside.parts().get(0) : new Sequence(Kind.SET, Parser.items(inside));
    }
}
