package common;

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.TypeAdapter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A strict JSON parser (RFC 8259): no comments, no trailing commas, no NaN, at most 100 levels deep. The grammar is checked here, not by
 * Gson, whose strictness and messages depend on its version: a Java kernel or a cluster may bring an old one. For the same reason this
 * project uses only the API of Gson 2.8.5 and does not deserialise records with it.
 */
public final class Json {

    private static final TypeAdapter<JsonElement> ELEMENT = new Gson().getAdapter(JsonElement.class);
    private static final int MAX_DEPTH = 100;
    private static final Pattern NUMBER = Pattern.compile("-?(0|[1-9]\\d*+)(\\.\\d++)?([eE][+-]?\\d++)?");
    private static final Pattern WORD = Pattern.compile("[\\w.+-]+");

    /** Thrown if a text is not JSON; the message says where and why: {@code line 3, column 7: a comma before ]}. */
    public static final class Malformed extends IOException {

        private static final long serialVersionUID = 1;

        Malformed(String message) {
            super(message);
        }
    }

    private final String text;
    private int at;

    private Json(String text) {
        this.text = text;
    }

    /**
     * Checks that a text is one JSON value.
     *
     * @throws Malformed with the first position where it is not
     */
    public static void check(String text) throws Malformed {
        Json json = new Json(text);
        json.value(0);
        json.blanks();
        if (json.at < text.length()) {
            throw json.malformed(json.at, "unexpected text after the value");
        }
    }

    /**
     * Parses a text as one JSON value, skipping a byte order mark.
     *
     * @throws Malformed as {@link #check}
     */
    public static JsonElement parse(String text) throws Malformed {
        String bare = text.startsWith("\uFEFF") ? text.substring(1) : text;
        check(bare);
        try {
            return ELEMENT.fromJson(bare);
        } catch (IOException e) {
            throw new UncheckedIOException(e); // of a text that was checked: never
        }
    }

    /**
     * Parses a text as a JSON object.
     *
     * @param where start of the message
     * @throws BadInput if it is malformed or not an object
     */
    public static JsonObject object(String text, String where) {
        try {
            JsonElement element = parse(text);
            BadInput.unless(element.isJsonObject(), "%s: is not a JSON object like {\"name\": value}", where);
            return element.getAsJsonObject();
        } catch (Malformed e) {
            throw new BadInput(where + ": is not a JSON object (" + e.getMessage() + ")", e);
        }
    }

    /**
     * Parses a file as a JSON object.
     *
     * @throws BadInput naming the file if it cannot be read, is malformed, or is not an object
     */
    public static JsonObject object(Path file) {
        try {
            return object(Files.readString(file), file.toString());
        } catch (CharacterCodingException e) {
            throw new BadInput(file + ": is not UTF-8 text", e);
        } catch (IOException e) {
            throw new BadInput(file + ": cannot be read (" + e.getMessage() + ")", e);
        }
    }

    /** Returns whether an object has a value of this name other than null. */
    public static boolean has(JsonObject object, String name) {
        return object.has(name) && !object.get(name).isJsonNull();
    }

    /**
     * Returns a boolean value; false if there is none.
     *
     * @throws BadInput if it is anything else
     */
    public static boolean flag(JsonObject object, String name, String where) {
        BadInput.unless(!has(object, name) || object.get(name).isJsonPrimitive() && object.getAsJsonPrimitive(name).isBoolean(),
                "%s: %s is %s, neither true nor false", where, name, object.get(name));
        return has(object, name) && object.get(name).getAsBoolean();
    }

    /**
     * Returns a string value.
     *
     * @throws BadInput if there is none, or it is anything else
     */
    public static String text(JsonObject object, String name, String where) {
        BadInput.unless(has(object, name), "%s: %s is missing", where, name);
        BadInput.unless(object.get(name).isJsonPrimitive() && object.getAsJsonPrimitive(name).isString(), "%s: %s is %s, not a text", where,
                name, object.get(name));
        return object.get(name).getAsString();
    }

    /**
     * Returns a positive, finite number.
     *
     * @throws BadInput if there is none, or it is anything else
     */
    public static double positive(JsonObject object, String name, String where) {
        double value = primitive(object, name, where, "a number").getAsDouble();
        BadInput.unless(value > 0 && Double.isFinite(value), "%s: %s is %s, which is not positive", where, name, value);
        return value;
    }

    /**
     * Returns a positive whole number.
     *
     * @throws BadInput if there is none, or it is anything else
     */
    public static int positiveInteger(JsonObject object, String name, String where) {
        double value = primitive(object, name, where, "a whole number").getAsDouble();
        BadInput.unless(value == Math.rint(value) && Math.abs(value) <= Integer.MAX_VALUE, "%s: %s is %s, not a whole number", where, name,
                object.get(name));
        BadInput.unless(value > 0, "%s: %s is %.0f, which is not positive", where, name, value);
        return (int) value;
    }

    private static JsonElement primitive(JsonObject object, String name, String where, String kind) {
        BadInput.unless(has(object, name), "%s: %s is missing", where, name);
        JsonElement value = object.get(name);
        BadInput.unless(value.isJsonPrimitive() && value.getAsJsonPrimitive().isNumber(), "%s: %s is %s, not %s", where, name, value, kind);
        return value;
    }

    private void value(int depth) throws Malformed {
        blanks();
        switch (at < text.length() ? text.charAt(at) : 0) {
            case '{' -> {
                for (boolean more = opened(depth, '}'); more; more = another('}')) {
                    blanks();
                    if (at == text.length() || text.charAt(at) != '"') {
                        throw unexpected("a name in double quotes");
                    }
                    string();
                    blanks();
                    if (at == text.length() || text.charAt(at) != ':') {
                        throw unexpected("a colon after the name");
                    }
                    at++;
                    value(depth + 1);
                }
            }
            case '[' -> {
                for (boolean more = opened(depth, ']'); more; more = another(']')) {
                    value(depth + 1);
                }
            }
            case '"' -> string();
            default -> word();
        }
    }

    /** Enters an object or array and returns whether it is not empty. */
    private boolean opened(int depth, char close) throws Malformed {
        if (depth == MAX_DEPTH) {
            throw malformed(at, "nested more than " + MAX_DEPTH + " levels deep");
        }
        at++;
        blanks();
        boolean empty = at < text.length() && text.charAt(at) == close;
        at += empty ? 1 : 0;
        return !empty;
    }

    /** Skips the comma before another member, or the end of the object or array. */
    private boolean another(char close) throws Malformed {
        blanks();
        char next = at < text.length() ? text.charAt(at) : 0;
        if (next != ',' && next != close) {
            throw unexpected("a comma or " + close);
        }
        int comma = at++;
        blanks();
        if (next == ',' && at < text.length() && text.charAt(at) == close) {
            throw malformed(comma, "a comma before " + close);
        }
        return next == ',';
    }

    private void string() throws Malformed {
        int start = at++;
        for (; at < text.length() && text.charAt(at) != '"'; at++) {
            char c = text.charAt(at);
            if (c < ' ') {
                throw malformed(at, "a control character or line break inside a text");
            }
            if (c == '\\') {
                char escaped = ++at < text.length() ? text.charAt(at) : '"';
                if ("\"\\/bfnrtu".indexOf(escaped) < 0) {
                    throw malformed(at - 1, "an unknown escape \\" + escaped);
                }
                if (escaped == 'u' && !text.substring(at + 1, Math.min(at + 5, text.length())).matches("[0-9a-fA-F]{4}")) {
                    throw malformed(at - 1, "an escape \\u without four hexadecimal digits");
                }
            }
        }
        if (at >= text.length()) {
            throw malformed(start, "a text whose closing quote is missing");
        }
        at++;
    }

    /** A number, true, false or null. */
    private void word() throws Malformed {
        Matcher word = WORD.matcher(text).region(at, text.length());
        String found = word.lookingAt() ? word.group() : "";
        if (found.isEmpty()) {
            throw unexpected("a value");
        }
        if (!found.equals("true") && !found.equals("false") && !found.equals("null") && !NUMBER.matcher(found).matches()) {
            throw malformed(at, (found.length() > 20 ? found.substring(0, 20) + "…" : found) + " is not a JSON value");
        }
        at += found.length();
    }

    private void blanks() {
        while (at < text.length() && " \t\n\r".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
    }

    private Malformed unexpected(String expected) {
        return malformed(at, at >= text.length() ? "the text ends where " + expected + " was expected"
                : "'" + text.substring(at, text.offsetByCodePoints(at, 1)) + "' where " + expected + " was expected");
    }

    private Malformed malformed(int place, String reason) {
        String before = text.substring(0, place);
        return new Malformed("line %d, column %d: %s".formatted(1 + before.chars().filter(c -> c == '\n').count(),
                place - before.lastIndexOf('\n'), OneLine.line(reason)));
    }
}
