package commands;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Compares the outputs of a notebook's code cells with those of an earlier execution, possibly on another processor. Kinds of output, whole
 * numbers and words must be equal. Numbers with a decimal point are compared by value: they may differ by one in the last digit, or by a
 * ten-thousandth. The outputs of a cell with the tag {@code sampled} depend on random draws: only their structure must be equal, that is
 * kinds of output, lines, HTML tags; different draws are reported as notes. A cell with the tag {@code varies} (timings, results of long
 * training) is not compared. Pictures are only checked for presence. Standard error is reported as a note too, since background threads may
 * print warnings; an exception that ends a cell is an output of its own kind.
 *
 * @param faults a line for each cell whose output differs
 * @param notes a line for each cell with different draws or output on standard error
 */
public record OutputComparison(List<String> faults, List<String> notes) {

    private static final Pattern DECIMAL = Pattern.compile("(?<![\\w.])[-+]?\\d+\\.\\d+(?:[eE][-+]?\\d+)?(?![\\w.])");
    private static final Pattern SHAPE = Pattern.compile("<[^<>]*>|\\n");
    private static final double RELATIVE = 1e-4;
    private static final int SHOWN = 160; // characters of a text
    private static final int BEFORE = 60; // of which this many before the first difference

    /** An output: {@code stdout}, {@code error} or a MIME type, and its text, if any. */
    private record Output(String kind, String text) {}

    /** Compares two executions of a notebook, given as JSON. */
    public static OutputComparison compare(JsonObject before, JsonObject after) {
        OutputComparison written = new OutputComparison(new ArrayList<>(), new ArrayList<>());
        List<JsonObject> was = cells(before);
        List<JsonObject> is = cells(after);
        if (was.size() != is.size()) {
            written.faults.add("%d code cells instead of %d".formatted(is.size(), was.size()));
            return written;
        }
        for (int i = 0; i < was.size(); i++) {
            List<String> tags = tags(was.get(i));
            List<Output> old = outputs(was.get(i));
            List<Output> now = outputs(is.get(i));
            String errors = errors(is.get(i));
            if (!errors.isEmpty() && !tags.contains("varies")) {
                written.notes.add("code cell %d: printed to standard error %s".formatted(i + 1, quoted(errors, 0)));
            }
            if (tags.contains("varies") || same(old, now)) {
                continue;
            }
            boolean drawn = tags.contains("sampled") && alike(old, now);
            String oldText = text(old);
            String newText = text(now);
            int differs = Math.max(0, mismatch(oldText, newText) - BEFORE);
            (drawn ? written.notes : written.faults).add("code cell %d: %s %s instead of %s".formatted(i + 1, drawn ? "drew" : "wrote",
                    quoted(newText, differs), quoted(oldText, differs)));
        }
        return written;
    }

    private static List<JsonObject> cells(JsonObject notebook) {
        List<JsonObject> cells = new ArrayList<>();
        for (JsonElement cell : notebook.getAsJsonArray("cells")) {
            if (cell.getAsJsonObject().get("cell_type").getAsString().equals("code")) {
                cells.add(cell.getAsJsonObject());
            }
        }
        return cells;
    }

    private static List<String> tags(JsonObject cell) {
        JsonObject metadata = cell.getAsJsonObject("metadata");
        List<String> tags = new ArrayList<>();
        if (metadata != null && metadata.has("tags")) {
            metadata.getAsJsonArray("tags").forEach(tag -> tags.add(tag.getAsString()));
        }
        return tags;
    }

    /** Returns the text on standard error. */
    private static String errors(JsonObject cell) {
        StringBuilder all = new StringBuilder();
        for (JsonElement output : cell.getAsJsonArray("outputs")) {
            all.append(isErrors(output.getAsJsonObject()) ? joined(output.getAsJsonObject().get("text")) : "");
        }
        return all.toString();
    }

    private static boolean isErrors(JsonObject output) {
        return output.has("text") && output.has("name") && output.get("name").getAsString().equals("stderr");
    }

    /** Returns all other outputs; consecutive pieces of standard output are joined, as they are split arbitrarily. */
    private static List<Output> outputs(JsonObject cell) {
        List<Output> outputs = new ArrayList<>();
        for (JsonElement element : cell.getAsJsonArray("outputs")) {
            JsonObject output = element.getAsJsonObject();
            if (isErrors(output)) {
                continue;
            }
            if (output.has("text")) {
                int last = outputs.size() - 1;
                boolean goesOn = last >= 0 && outputs.get(last).kind.equals("stdout");
                String text = joined(output.get("text"));
                outputs.add(new Output("stdout", goesOn ? outputs.remove(last).text + text : text));
            } else if (output.has("data")) {
                JsonObject data = output.getAsJsonObject("data");
                data.keySet().stream().sorted().filter(type -> data.size() == 1 || !type.equals("text/plain"))
                        .forEach(type -> outputs.add(new Output(type, type.startsWith("text/") ? joined(data.get(type)) : "")));
            } else {
                outputs.add(new Output("error", output.has("ename") ? output.get("ename").getAsString() : ""));
            }
        }
        return outputs;
    }

    private static boolean same(List<Output> a, List<Output> b) {
        boolean same = a.size() == b.size();
        for (int i = 0; same && i < a.size(); i++) {
            same = a.get(i).kind.equals(b.get(i).kind) && same(a.get(i).text, b.get(i).text);
        }
        return same;
    }

    private static boolean same(String a, String b) {
        if (!DECIMAL.matcher(a).replaceAll("0.0").equals(DECIMAL.matcher(b).replaceAll("0.0"))) {
            return false;
        }
        Matcher one = DECIMAL.matcher(a);
        Matcher other = DECIMAL.matcher(b);
        while (one.find() && other.find()) {
            double x = Double.parseDouble(one.group());
            double y = Double.parseDouble(other.group());
            double tolerance = Math.max(Math.min(digit(one.group()), digit(other.group())), RELATIVE * Math.abs(x));
            if (Math.abs(x - y) > tolerance * 1.000001) { // 0.3 - 0.2 is slightly more than 0.1
                return false;
            }
        }
        return true;
    }

    /** Returns the value of one unit in the last digit of a number. */
    private static double digit(String number) {
        String[] parts = number.toLowerCase(java.util.Locale.ROOT).split("e");
        int exponent = parts.length > 1 ? Integer.parseInt(parts[1]) : 0;
        return Math.pow(10, exponent - (parts[0].length() - 1.0 - parts[0].indexOf('.')));
    }

    private static boolean alike(List<Output> a, List<Output> b) {
        boolean alike = a.size() == b.size();
        for (int i = 0; alike && i < a.size(); i++) {
            alike = a.get(i).kind.equals(b.get(i).kind) && shape(a.get(i).text).equals(shape(b.get(i).text));
        }
        return alike;
    }

    private static List<String> shape(String text) {
        return SHAPE.matcher(text).results().map(found -> found.group()).toList();
    }

    /** Returns a text that a notebook file stores as one string or as lines. */
    public static String joined(JsonElement text) {
        if (!text.isJsonArray()) {
            return text.getAsString();
        }
        StringBuilder all = new StringBuilder();
        for (JsonElement line : (JsonArray) text) {
            all.append(line.getAsString());
        }
        return all.toString();
    }

    private static String text(List<Output> outputs) {
        StringBuilder all = new StringBuilder();
        outputs.forEach(output -> all.append(output.kind.equals("stdout") ? "" : "[" + output.kind + "]").append(output.text));
        return all.toString();
    }

    /** Returns the index of the first character that differs. */
    private static int mismatch(String a, String b) {
        int at = 0;
        while (at < Math.min(a.length(), b.length()) && a.charAt(at) == b.charAt(at)) {
            at++;
        }
        return at;
    }

    private static String quoted(String text, int begin) {
        int end = Math.min(text.length(), begin + SHOWN);
        return '"' + (begin > 0 ? "..." : "") + text.substring(Math.min(begin, end), end).replace("\n", "\\n")
                + (end < text.length() ? "..." : "") + '"';
    }
}
