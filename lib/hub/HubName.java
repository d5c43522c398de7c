package hub;

import common.BadInput;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The name of a repository on the hub at one revision.
 *
 * @param kind what it holds
 * @param id {@code OWNER/NAME}
 * @param revision a branch, tag or commit
 */
public record HubName(Kind kind, String id, String revision) {

    private static final Pattern FORM = Pattern.compile("([A-Za-z0-9][\\w.-]*/[A-Za-z0-9][\\w.-]*)(?:@([A-Za-z0-9][\\w./-]*))?");

    /** What a repository holds. */
    public enum Kind {
        MODEL("models", "", "main"), DATASET("datasets", "datasets/", "refs/convert/parquet");

        private final String plural;
        private final String prefix;
        private final String usual;

        Kind(String plural, String prefix, String usual) {
            this.plural = plural;
            this.prefix = prefix;
            this.usual = usual;
        }
    }

    /** Whether a text has the form {@code OWNER/NAME} or {@code OWNER/NAME@REVISION}. */
    public static boolean is(String text) {
        Matcher form = FORM.matcher(text);
        return form.matches() && !text.contains("..") && !text.contains("--") && (form.group(2) == null || !form.group(2).endsWith("/"));
    }

    /**
     * The repository of a name; without a revision the usual one of its kind.
     *
     * @throws BadInput if it has another form
     */
    public static HubName of(Kind kind, String text) {
        BadInput.unless(is(text), "%s: is neither OWNER/NAME nor OWNER/NAME@REVISION", text);
        Matcher form = FORM.matcher(text);
        form.matches();
        return new HubName(kind, form.group(1), form.group(2) == null ? kind.usual : form.group(2));
    }

    /** The name of its folder in the cache: {@code models--OWNER--NAME}. */
    String folder() {
        return kind.plural + "--" + id.replace("/", "--");
    }

    /** The address that lists its files. */
    URI info(URI endpoint) {
        return URI.create(endpoint + "/api/" + kind.plural + "/" + id + "/revision/" + encoded(revision));
    }

    /** The address of one of its files. */
    URI file(URI endpoint, String commit, String file) {
        return URI.create(endpoint + "/" + kind.prefix + id + "/resolve/" + commit + "/" + encoded(file).replace("%2F", "/"));
    }

    /** The page where a person looks at it. */
    URI page(URI endpoint) {
        return URI.create(endpoint + "/" + kind.prefix + id);
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    @Override
    public String toString() {
        return revision.equals(kind.usual) ? id : id + "@" + revision;
    }
}
