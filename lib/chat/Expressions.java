package chat;

import chat.TemplateLexer.Kind;
import chat.TemplateLexer.Token;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** Compiles tokens of Jinja expressions into functions of the variables, with Jinja's precedence. */
class Expressions {

    /** A compiled expression. */
    interface Expression {
        Object of(Frame frame);
    }

    private static final int NESTING = 60;

    private final List<Token> tokens;
    private int at;
    private int nesting;

    Expressions(List<Token> tokens) {
        this.tokens = tokens;
    }

    Token peek() {
        return tokens.get(at);
    }

    Token next() {
        Token token = tokens.get(at);
        at += token.kind() == Kind.END ? 0 : 1;
        return token;
    }

    boolean is(String text) {
        return is(0, text);
    }

    private boolean is(int ahead, String text) {
        Token token = tokens.get(Math.min(at + ahead, tokens.size() - 1));
        return (token.kind() == Kind.OPERATOR || token.kind() == Kind.NAME) && token.text().equals(text);
    }

    boolean skip(String text) {
        boolean there = is(text);
        at += there ? 1 : 0;
        return there;
    }

    void expect(String text) {
        if (!skip(text)) {
            throw error("expected " + text + " instead of " + peek().text());
        }
    }

    String name() {
        if (peek().kind() != Kind.NAME) {
            throw error("expected a name instead of " + peek().text());
        }
        return next().text();
    }

    TemplateError error(String message) {
        return new TemplateError("line " + peek().line() + ": " + message);
    }

    /** Guards the stack of this parser, as {@link Renderer#enter} guards that of the rendering. */
    <T> T nested(Supplier<T> part) {
        if (++nesting > NESTING) {
            throw error("nested more than " + NESTING + " deep");
        }
        T parsed = part.get();
        nesting--;
        return parsed;
    }

    private static Expression deep(Expression expression) {
        return f -> {
            f.run.enter();
            Object value = expression.of(f);
            f.run.leave();
            return value;
        };
    }

    /** An expression, or several with commas between, which make a list. */
    Expression tuple(boolean withCondition) {
        Expression first = withCondition ? expression() : nested(this::either);
        if (!is(",")) {
            return first;
        }
        List<Expression> all = new ArrayList<>(List.of(first));
        while (skip(",") && startsExpression()) {
            all.add(withCondition ? expression() : nested(this::either));
        }
        return list(all);
    }

    private boolean startsExpression() {
        Kind kind = peek().kind();
        return kind != Kind.BLOCK_END && kind != Kind.PRINT_END && !is(")") && !is("=") && !is("in");
    }

    Expression expression() {
        return nested(() -> {
            Expression value = either();
            while (skip("if")) {
                Expression then = value;
                Expression condition = either();
                Expression otherwise = skip("else") ? expression() : f -> new Values.Undefined("the missing else");
                value = deep(f -> Values.truth(condition.of(f)) ? then.of(f) : otherwise.of(f));
            }
            return value;
        });
    }

    private Expression either() {
        Expression left = both();
        while (skip("or")) {
            Expression l = left;
            Expression r = both();
            left = deep(f -> {
                Object value = l.of(f);
                return Values.truth(value) ? value : r.of(f);
            });
        }
        return left;
    }

    private Expression both() {
        Expression left = negation();
        while (skip("and")) {
            Expression l = left;
            Expression r = negation();
            left = deep(f -> {
                Object value = l.of(f);
                return Values.truth(value) ? r.of(f) : value;
            });
        }
        return left;
    }

    private Expression negation() {
        if (!skip("not")) {
            return comparison();
        }
        Expression negated = nested(this::negation);
        return deep(f -> !Values.truth(negated.of(f)));
    }

    /** {@code a < b < c} holds if each pair does. */
    private Expression comparison() {
        Expression first = sum();
        List<String> operators = new ArrayList<>();
        List<Expression> operands = new ArrayList<>();
        while (List.of("==", "!=", "<", "<=", ">", ">=", "in").contains(peek().text()) && is(peek().text()) || is("not") && is(1, "in")) {
            operators.add(skip("not") ? "not " + next().text() : next().text());
            operands.add(sum());
        }
        return operators.isEmpty() ? first : deep(f -> {
            Object left = first.of(f);
            Object holds = true;
            for (int i = 0; i < operators.size() && Values.truth(holds); i++) {
                Object right = operands.get(i).of(f);
                holds = Operators.of(f.run, operators.get(i), left, right);
                left = right;
            }
            return holds;
        });
    }

    private Expression sum() {
        return left(() -> left(() -> left(() -> left(() -> unary(true), "**"), "*", "/", "//", "%"), "~"), "+", "-");
    }

    private Expression left(Supplier<Expression> operand, String... operators) {
        Expression left = operand.get();
        while (peek().kind() == Kind.OPERATOR && List.of(operators).contains(peek().text())) {
            String operator = next().text();
            Expression l = left;
            Expression r = operand.get();
            left = deep(f -> Operators.of(f.run, operator, l.of(f), r.of(f)));
        }
        return left;
    }

    private Expression unary(boolean withFilters) {
        Expression value;
        if (is("-") || is("+")) {
            String sign = next().text();
            Expression operand = nested(() -> unary(false));
            value = deep(f -> operand.of(f) instanceof Double d ? sign.equals("-") ? -d : d : Operators.of(f.run, sign, 0L, operand.of(f)));
        } else {
            value = primary();
        }
        value = postfix(value);
        while (withFilters && (is("|") || is("is") || is("("))) {
            value = is("(") ? called(value) : skip("|") ? filtered(value) : tested(value);
        }
        return value;
    }

    private Expression postfix(Expression start) {
        Expression value = start;
        while (is(".") || is("[") || is("(")) {
            Expression of = value;
            if (is("(")) {
                value = called(of);
            } else if (skip("[")) {
                value = subscript(of);
            } else {
                next();
                Token key = next();
                if (key.kind() == Kind.INTEGER) {
                    long index = whole(key);
                    value = deep(f -> Values.item(f.run, of.of(f), index));
                } else if (key.kind() == Kind.NAME) {
                    value = deep(f -> Methods.attribute(f.run, of.of(f), key.text()));
                } else {
                    throw error("expected a name or a number after the dot");
                }
            }
        }
        return value;
    }

    private Expression subscript(Expression of) {
        Expression start = is(":") ? null : expression();
        if (skip("]")) {
            return deep(f -> Values.item(f.run, of.of(f), start.of(f)));
        }
        expect(":");
        Expression stop = is(":") || is("]") ? null : expression();
        Expression step = skip(":") && !is("]") ? expression() : null;
        expect("]");
        return deep(f -> Values.slice(f.run, of.of(f), start == null ? null : start.of(f), stop == null ? null : stop.of(f),
                step == null ? null : step.of(f)));
    }

    private Expression called(Expression of) {
        Call call = arguments();
        return deep(f -> {
            if (of.of(f) instanceof Values.Callable callable) {
                return callable.call(f.run, call.of(f));
            }
            throw new TemplateError(of.of(f) instanceof Values.Undefined u ? "the function or method " + u.name() + " is not supported"
                    : Values.type(of.of(f)) + " cannot be called");
        });
    }

    private Expression filtered(Expression value) {
        String name = name();
        Call call = is("(") ? arguments() : new Call(List.of(), Map.of());
        return deep(f -> Filters.filter(f.run, name, value.of(f), call.of(f)));
    }

    private Expression tested(Expression value) {
        expect("is");
        boolean negated = skip("not");
        String name = name();
        Call call = new Call(List.of(), Map.of());
        if (is("(")) {
            call = arguments();
        } else if (List.of(Kind.NAME, Kind.STRING, Kind.INTEGER, Kind.FLOAT).contains(peek().kind())
                && !is("else") && !is("or") && !is("and") && !is("if") && !is("is") && !is("in") && !is("not") || is("[") || is("{")) {
            call = new Call(List.of(postfix(primary())), Map.of());
        }
        Call arguments = call;
        return deep(f -> Filters.test(f.run, name, value.of(f), arguments.of(f)) != negated);
    }

    /** The expressions of arguments, or the defaults of a macro's. */
    record Call(List<Expression> positional, Map<String, Expression> named) {
        Arguments of(Frame f) {
            List<Object> values = new ArrayList<>();
            positional.forEach(e -> values.add(e.of(f)));
            Map<String, Object> byName = new LinkedHashMap<>();
            named.forEach((name, e) -> byName.put(name, e.of(f)));
            f.run.charge(8L * (values.size() + byName.size()));
            return new Arguments(values, byName);
        }
    }

    private Call arguments() {
        List<Expression> positional = new ArrayList<>();
        Map<String, Expression> named = new LinkedHashMap<>();
        expect("(");
        while (!is(")")) {
            if (is("*") || is("**")) {
                throw error("arguments from a list (*) are not supported");
            }
            if (peek().kind() == Kind.NAME && is(1, "=")) {
                String name = name();
                expect("=");
                named.put(name, expression());
            } else {
                positional.add(expression());
            }
            if (!is(")")) {
                expect(",");
            }
        }
        expect(")");
        return new Call(positional, named);
    }

    private Expression primary() {
        Token token = next();
        return switch (token.kind()) {
            case NAME -> switch (token.text()) {
                case "true", "True" -> f -> true;
                case "false", "False" -> f -> false;
                case "none", "None" -> f -> null;
                default -> f -> f.get(token.text());
            };
            case STRING -> {
                StringBuilder text = new StringBuilder(token.text());
                while (peek().kind() == Kind.STRING) {
                    text.append(next().text());
                }
                String whole = text.toString();
                yield f -> whole;
            }
            case INTEGER -> {
                long whole = whole(token);
                yield f -> whole;
            }
            case FLOAT -> {
                double real = Double.parseDouble(token.text());
                yield f -> real;
            }
            case OPERATOR -> switch (token.text()) {
                case "(" -> {
                    Expression inside = is(")") ? list(List.of()) : tuple(true);
                    expect(")");
                    yield inside;
                }
                case "[" -> list(elements());
                case "{" -> mapping();
                default -> throw error("unexpected " + token.text());
            };
            default -> throw error("unexpected " + token.text());
        };
    }

    private long whole(Token token) {
        try {
            return Long.parseLong(token.text());
        } catch (NumberFormatException e) {
            throw error("the number " + token.text().substring(0, 9) + "… is too large");
        }
    }

    private List<Expression> elements() {
        List<Expression> elements = new ArrayList<>();
        while (!skip("]")) {
            elements.add(expression());
            if (!is("]")) {
                expect(",");
            }
        }
        return elements;
    }

    private static Expression list(List<Expression> elements) {
        return deep(f -> new Call(elements, Map.of()).of(f).positional());
    }

    private Expression mapping() {
        List<Expression> keys = new ArrayList<>();
        List<Expression> values = new ArrayList<>();
        while (!skip("}")) {
            keys.add(expression());
            expect(":");
            values.add(expression());
            if (!is("}")) {
                expect(",");
            }
        }
        return deep(f -> {
            Map<Object, Object> map = new LinkedHashMap<>();
            for (int i = 0; i < keys.size(); i++) {
                f.run.charge(8);
                map.put(Values.key(keys.get(i).of(f)), values.get(i).of(f));
            }
            return map;
        });
    }
}
