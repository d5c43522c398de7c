package chat;

import chat.TemplateLexer.Kind;
import chat.TemplateLexer.Token;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Compiles the statements of a template into functions that write to a {@link Renderer}. */
final class Template extends Expressions {

    /** A part of a template; its result controls the enclosing loop. */
    interface Part {
        Flow write(Frame frame);
    }

    enum Flow { ON, CONTINUE, BREAK }

    private Template(List<Token> tokens) {
        super(tokens);
    }

    static Part parse(String source) {
        Template template = new Template(TemplateLexer.tokens(source));
        Part all = template.parts();
        if (template.peek().kind() != Kind.END) {
            throw template.error("unexpected {% " + template.peek().text() + " %}");
        }
        return all;
    }

    /** Everything up to one of these statements, which is left unread but for its {@code {%}; or up to the end. */
    private Part parts(String... ends) {
        return nested(() -> {
            List<Part> parts = new ArrayList<>();
            while (peek().kind() != Kind.END) {
                Token token = next();
                if (token.kind() == Kind.TEXT) {
                    parts.add(f -> print(f, token.text()));
                } else if (token.kind() == Kind.PRINT) {
                    int line = token.line();
                    Expression value = tuple(true);
                    close(Kind.PRINT_END, "}}");
                    parts.add(f -> {
                        f.run.line = line;
                        return print(f, Values.text(f.run, value.of(f)));
                    });
                } else if (peek().kind() == Kind.NAME && Set.of(ends).contains(peek().text())) {
                    return sequence(parts);
                } else {
                    int line = token.line();
                    Part statement = statement();
                    parts.add(f -> {
                        f.run.line = line;
                        return statement.write(f);
                    });
                }
            }
            if (ends.length > 0) {
                throw error("{% " + ends[ends.length - 1] + " %} is missing");
            }
            return sequence(parts);
        });
    }

    private static Flow print(Frame f, String text) {
        f.run.print(text);
        return Flow.ON;
    }

    private static Part sequence(List<Part> parts) {
        return f -> {
            f.run.enter();
            for (Part part : parts) {
                f.run.charge(1);
                Flow flow = part.write(f);
                if (flow != Flow.ON) {
                    f.run.leave();
                    return flow;
                }
            }
            f.run.leave();
            return Flow.ON;
        };
    }

    private void close(Kind kind, String text) {
        if (next().kind() != kind) {
            throw error("expected " + text + " before this");
        }
    }

    private void end(String name) {
        expect(name);
        close(Kind.BLOCK_END, "%}");
    }

    private Part statement() {
        String name = name();
        return switch (name) {
            case "if" -> condition();
            case "for" -> loop();
            case "set" -> assignment();
            case "macro" -> macro();
            case "generation" -> {
                close(Kind.BLOCK_END, "%}");
                Part body = parts("endgeneration");
                end("endgeneration");
                yield body;
            }
            case "break", "continue" -> {
                close(Kind.BLOCK_END, "%}");
                yield f -> name.equals("break") ? Flow.BREAK : Flow.CONTINUE;
            }
            default -> throw error("the statement {% " + name + " %} is not supported");
        };
    }

    private Part condition() {
        Expression condition = tuple(false);
        close(Kind.BLOCK_END, "%}");
        Part then = parts("elif", "else", "endif");
        Part otherwise;
        if (skip("elif")) {
            otherwise = nested(this::condition);
        } else {
            otherwise = f -> Flow.ON;
            if (skip("else")) {
                close(Kind.BLOCK_END, "%}");
                otherwise = parts("endif");
            }
            end("endif");
        }
        Part last = otherwise;
        return f -> Values.truth(condition.of(f)) ? then.write(f) : last.write(f);
    }

    private Part loop() {
        List<String> targets = names();
        expect("in");
        Expression over = tuple(false);
        Expression filter = skip("if") ? expression() : null;
        if (is("recursive")) {
            throw error("a recursive loop is not supported");
        }
        close(Kind.BLOCK_END, "%}");
        Part body = parts("else", "endfor");
        Part otherwise = f -> Flow.ON;
        if (skip("else")) {
            close(Kind.BLOCK_END, "%}");
            otherwise = parts("endfor");
        }
        end("endfor");
        Part ifEmpty = otherwise;
        return f -> {
            List<Object> items = new ArrayList<>();
            for (Object item : Values.items(f.run, over.of(f))) {
                f.run.charge(8);
                Frame inner = new Frame(f.run, f);
                assign(inner, targets, item);
                if (filter == null || Values.truth(filter.of(inner))) {
                    items.add(item);
                }
            }
            for (int i = 0; i < items.size(); i++) {
                Frame inner = new Frame(f.run, f);
                inner.set("loop", position(items, i));
                assign(inner, targets, items.get(i));
                f.run.charge(32);
                if (body.write(inner) == Flow.BREAK) {
                    break;
                }
            }
            return items.isEmpty() ? ifEmpty.write(f) : Flow.ON;
        };
    }

    private static Map<String, Object> position(List<Object> items, int i) {
        int n = items.size();
        Map<String, Object> loop = new HashMap<>(32);
        loop.put("index", i + 1L);
        loop.put("index0", (long) i);
        loop.put("revindex", (long) n - i);
        loop.put("revindex0", n - 1L - i);
        loop.put("first", i == 0);
        loop.put("last", i == n - 1);
        loop.put("length", (long) n);
        loop.put("previtem", i > 0 ? items.get(i - 1) : new Values.Undefined("loop.previtem"));
        loop.put("nextitem", i + 1 < n ? items.get(i + 1) : new Values.Undefined("loop.nextitem"));
        loop.put("cycle", (Values.Callable) (run, a) -> Values.item(run, a.positional(), (long) (i % Math.max(1, a.positional().size()))));
        return loop;
    }

    private List<String> names() {
        boolean parenthesis = skip("(");
        List<String> names = new ArrayList<>(List.of(name()));
        while (skip(",")) {
            names.add(name());
        }
        if (parenthesis) {
            expect(")");
        }
        return names;
    }

    private static void assign(Frame f, List<String> targets, Object value) {
        if (targets.size() == 1) {
            f.set(targets.get(0), value);
            return;
        }
        List<?> values = Values.items(f.run, value);
        if (values.size() != targets.size()) {
            throw new TemplateError(values.size() + " values for the " + targets.size() + " names " + String.join(", ", targets));
        }
        for (int i = 0; i < targets.size(); i++) {
            f.set(targets.get(i), values.get(i));
        }
    }

    private Part assignment() {
        List<String> targets = names();
        if (skip(".")) {
            String attribute = name();
            expect("=");
            Expression value = tuple(true);
            close(Kind.BLOCK_END, "%}");
            return f -> {
                if (!(f.get(targets.get(0)) instanceof Values.Namespace namespace)) {
                    throw new TemplateError("{% set " + targets.get(0) + "." + attribute + " %} needs a namespace");
                }
                f.run.charge(8);
                namespace.attributes().put(attribute, value.of(f));
                return Flow.ON;
            };
        }
        if (skip("=")) {
            Expression value = tuple(true);
            close(Kind.BLOCK_END, "%}");
            return f -> {
                assign(f, targets, value.of(f));
                return Flow.ON;
            };
        }
        close(Kind.BLOCK_END, "%} or =");
        Part body = parts("endset");
        end("endset");
        return f -> {
            assign(f, targets, f.run.captured(() -> body.write(new Frame(f.run, f))));
            return Flow.ON;
        };
    }

    private Part macro() {
        String name = name();
        Map<String, Expression> parameters = new LinkedHashMap<>();
        expect("(");
        while (!skip(")")) {
            String parameter = name();
            parameters.put(parameter, skip("=") ? expression() : f -> new Values.Undefined(parameter));
            if (!is(")")) {
                expect(",");
            }
        }
        close(Kind.BLOCK_END, "%}");
        Part body = parts("endmacro");
        end("endmacro");
        return f -> {
            f.set(name, (Values.Callable) (run, arguments) -> {
                Frame inner = new Frame(run, f);
                int position = 0;
                for (Map.Entry<String, Expression> parameter : parameters.entrySet()) {
                    Object given = arguments.get(position++, parameter.getKey(), parameters);
                    inner.set(parameter.getKey(), given == parameters ? parameter.getValue().of(inner) : given);
                }
                if (arguments.positional().size() > parameters.size() || !parameters.keySet().containsAll(arguments.named().keySet())) {
                    throw new TemplateError("the macro " + name + " has no such argument");
                }
                run.enter();
                String text = run.captured(() -> body.write(inner));
                run.leave();
                return text;
            });
            return Flow.ON;
        };
    }
}
