package chat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * Splits a template into text and the tokens between {@code {{ }}} and {@code {% %}}, removing white space as Jinja does with
 * {@code trim_blocks} and {@code lstrip_blocks}, which {@code transformers} sets.
 */
final class TemplateLexer {

    enum Kind { TEXT, PRINT, PRINT_END, BLOCK, BLOCK_END, NAME, STRING, INTEGER, FLOAT, OPERATOR, END }

    /** One token; {@code line} counts from 1. */
    record Token(Kind kind, String text, int line) {}

    private static final List<String> OPERATORS = List.of("//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~",
            "[", "]", "(", ")", "{", "}", ">", "<", "=", ".", ":", "|", ",", ";");

    private final String source;
    private final List<Token> tokens = new ArrayList<>();
    private int at;
    private int line = 1;
    private boolean lineStarts = true;

    private TemplateLexer(String source) {
        this.source = source;
    }

    static List<Token> tokens(String template) {
        String source = template.replace("\r\n", "\n").replace('\r', '\n');
        TemplateLexer lexer = new TemplateLexer(source.endsWith("\n") ? source.substring(0, source.length() - 1) : source);
        lexer.all();
        return lexer.tokens;
    }

    private void all() {
        while (at < source.length()) {
            int open = opening();
            if (open < 0) {
                add(Kind.TEXT, source.substring(at));
                at = source.length();
                break;
            }
            char kind = source.charAt(open + 1);
            char sign = open + 2 < source.length() ? source.charAt(open + 2) : ' ';
            text(source.substring(at, open), sign, kind != '{');
            move(open + (sign == '-' || sign == '+' ? 3 : 2));
            if (kind == '#') {
                int end = source.indexOf("#}", at);
                require(end >= 0, "a comment {# has no end");
                move(end > at && "+-".indexOf(source.charAt(end - 1)) >= 0 ? end - 1 : end);
                closes("#}");
            } else if (kind == '%' && raw()) {
                rawText();
            } else {
                code(kind == '%');
            }
        }
        add(Kind.END, "the end of the template");
    }

    private int opening() {
        for (int i = source.indexOf('{', at); i >= 0 && i + 1 < source.length(); i = source.indexOf('{', i + 1)) {
            if ("{%#".indexOf(source.charAt(i + 1)) >= 0) {
                return i;
            }
        }
        return -1;
    }

    private void text(String text, char sign, boolean block) {
        int end = text.length();
        if (sign == '-') {
            while (end > 0 && Values.space(text.charAt(end - 1))) {
                end--;
            }
        } else if (sign != '+' && block) {
            int start = text.lastIndexOf('\n') + 1;
            if ((start > 0 || lineStarts) && text.substring(start).chars().allMatch(Values::space)) {
                end = start;
            }
        }
        if (end > 0) {
            add(Kind.TEXT, text.substring(0, end));
        }
    }

    /** Skips a closing delimiter at this position, if there is one, and its white space. */
    private boolean closes(String delimiter) {
        boolean print = delimiter.equals("}}");
        char sign = at < source.length() ? source.charAt(at) : ' ';
        int signed = sign == '-' || sign == '+' && !print ? 1 : 0;
        if (!source.startsWith(delimiter, at + signed)) {
            return false;
        }
        int end = at + signed + delimiter.length();
        if (signed == 1 && sign == '-') {
            while (end < source.length() && Values.space(source.charAt(end))) {
                end++;
            }
        } else if (signed == 0 && !print && end < source.length() && source.charAt(end) == '\n') {
            end++;
        }
        move(end);
        lineStarts = source.charAt(end - 1) == '\n';
        return true;
    }

    private boolean raw() {
        int i = skipSpace(at);
        if (!source.startsWith("raw", i)) {
            return false;
        }
        i = skipSpace(i + 3);
        if (!source.startsWith("%}", i) && !source.startsWith("-%}", i)) {
            return false;
        }
        boolean strip = source.charAt(i) == '-';
        move(strip ? skipSpace(i + 3) : i + 2);
        return true;
    }

    private void rawText() {
        for (int open = source.indexOf("{%", at); open >= 0; open = source.indexOf("{%", open + 2)) {
            char sign = open + 2 < source.length() ? source.charAt(open + 2) : ' ';
            int i = skipSpace(open + (sign == '-' || sign == '+' ? 3 : 2));
            int end = source.startsWith("endraw", i) ? skipSpace(i + 6) : -1;
            if (end >= 0 && (source.startsWith("%}", end) || source.startsWith("-%}", end) || source.startsWith("+%}", end))) {
                lineStarts = false;
                text(source.substring(at, open), sign, true);
                move(end);
                closes("%}");
                return;
            }
        }
        throw error("{% raw %} has no {% endraw %}");
    }

    private void code(boolean block) {
        add(block ? Kind.BLOCK : Kind.PRINT, block ? "{%" : "{{");
        Deque<String> open = new ArrayDeque<>();
        while (true) {
            move(skipSpace(at));
            require(at < source.length(), (block ? "{%" : "{{") + " has no end");
            if (open.isEmpty() && closes(block ? "%}" : "}}")) {
                add(block ? Kind.BLOCK_END : Kind.PRINT_END, block ? "%}" : "}}");
                return;
            }
            lineStarts = false;
            token(open);
        }
    }

    private void token(Deque<String> open) {
        char c = source.charAt(at);
        if (c == '"' || c == '\'') {
            string(c);
        } else if (c >= '0' && c <= '9') {
            number();
        } else if (c == '_' || Character.isUnicodeIdentifierStart(c)) {
            int end = at + 1;
            while (end < source.length() && Character.isUnicodeIdentifierPart(source.charAt(end))) {
                end++;
            }
            take(Kind.NAME, end);
        } else {
            String operator = OPERATORS.stream().filter(o -> source.startsWith(o, at)).findFirst()
                    .orElseThrow(() -> error("unexpected character " + c));
            switch (operator) {
                case "(" -> open.push(")");
                case "[" -> open.push("]");
                case "{" -> open.push("}");
                case ")", "]", "}" -> require(!open.isEmpty() && open.pop().equals(operator), "unexpected " + operator);
                default -> {}
            }
            take(Kind.OPERATOR, at + operator.length());
        }
    }

    private void number() {
        int end = digits(at);
        boolean attribute = !tokens.isEmpty() && tokens.get(tokens.size() - 1).text().equals(".");
        Kind kind = Kind.INTEGER;
        if (!attribute && end + 1 < source.length() && source.charAt(end) == '.' && digits(end + 1) > end + 1) {
            end = digits(end + 1);
            kind = Kind.FLOAT;
        }
        if (!attribute && end < source.length() && (source.charAt(end) | 32) == 'e') {
            int start = end + 1;
            start += start < source.length() && "+-".indexOf(source.charAt(start)) >= 0 ? 1 : 0;
            if (digits(start) > start) {
                end = digits(start);
                kind = Kind.FLOAT;
            }
        }
        take(kind, end);
    }

    private int digits(int from) {
        int end = from;
        while (end < source.length() && source.charAt(end) >= '0' && source.charAt(end) <= '9') {
            end++;
        }
        return end;
    }

    private void string(char quote) {
        StringBuilder text = new StringBuilder();
        int i = at + 1;
        for (; i < source.length() && source.charAt(i) != quote; i++) {
            char c = source.charAt(i);
            if (c != '\\' || i + 1 == source.length()) {
                text.append(c);
                continue;
            }
            char escape = source.charAt(++i);
            int plain = "abfnrtv\\'\"\n".indexOf(escape);
            int length = escape == 'x' ? 2 : escape == 'u' ? 4 : escape == 'U' ? 8 : 0;
            if (plain >= 0) {
                text.append("\u0007\b\f\n\r\t\u000b\\'\"".substring(Math.min(plain, 10), Math.min(plain + 1, 10)));
            } else if (length > 0) {
                text.appendCodePoint(code(i + 1, i + 1 + length, 16));
                i += length;
            } else if (escape >= '0' && escape <= '7') {
                int end = i + 1;
                while (end < Math.min(i + 3, source.length()) && source.charAt(end) >= '0' && source.charAt(end) <= '7') {
                    end++;
                }
                text.appendCodePoint(code(i, end, 8));
                i = end - 1;
            } else {
                text.append(c).append(escape);
            }
        }
        require(i < source.length(), "a text that starts with " + quote + " has no end");
        tokens.add(new Token(Kind.STRING, text.toString(), line));
        move(i + 1);
    }

    private int code(int from, int to, int radix) {
        try {
            int code = Integer.parseInt(source.substring(from, Math.min(to, source.length())), radix);
            require(to <= source.length() && Character.isValidCodePoint(code), "no such character: \\" + source.charAt(from - 1));
            return code;
        } catch (NumberFormatException e) {
            throw error("a broken \\ escape in a text");
        }
    }

    private int skipSpace(int from) {
        int i = from;
        while (i < source.length() && Values.space(source.charAt(i))) {
            i++;
        }
        return i;
    }

    private void take(Kind kind, int end) {
        add(kind, source.substring(at, end));
        move(end);
    }

    private void add(Kind kind, String text) {
        tokens.add(new Token(kind, text, line));
    }

    private void move(int to) {
        for (int i = at; i < to; i++) {
            line += source.charAt(i) == '\n' ? 1 : 0;
        }
        at = to;
    }

    private void require(boolean ok, String message) {
        if (!ok) {
            throw error(message);
        }
    }

    private TemplateError error(String message) {
        return new TemplateError("line " + line + ": " + message);
    }
}
