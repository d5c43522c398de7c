package hub;

import common.BadInput;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The address of the hub, the cache folder and the token. Environment variables have the same meaning as in Python's
 * {@code huggingface_hub}.
 *
 * @param endpoint address of the hub, without a slash at its end
 * @param cache folder with {@code models--OWNER--NAME} and {@code datasets--OWNER--NAME}
 * @param token sent to the endpoint and nowhere else; null for none
 * @param offline whether only the cache is asked
 * @param timeout how long the hub may be silent
 */
public record HubSettings(URI endpoint, Path cache, String token, boolean offline, Duration timeout) {

    private static final String ENDPOINT = "https://huggingface.co";

    /** The settings of this process. */
    public static HubSettings fromEnvironment() {
        return of(System.getenv(), home(System.getProperty("os.name"), System.getenv("HOME"), System.getProperty("user.home")));
    }

    /** The home folder as Python finds it: on Windows whatever {@code HOME} says. */
    static Path home(String system, String variable, String user) {
        return Path.of(variable == null || variable.isBlank() || system.startsWith("Windows") ? user : variable);
    }

    /**
     * The settings that variables make: {@code HF_ENDPOINT}; {@code HF_HUB_CACHE}, else {@code hub} in {@code HF_HOME}, else in
     * {@code huggingface} in {@code XDG_CACHE_HOME}, else in {@code .cache} of the home folder; {@code HF_TOKEN}, else what the file
     * {@code HF_TOKEN_PATH} holds, else {@code token} in {@code HF_HOME}; {@code HF_HUB_OFFLINE}; {@code HF_HUB_DOWNLOAD_TIMEOUT} in
     * seconds (10).
     *
     * @param home the user's home folder, which a {@code ~} at the beginning of a path means
     * @throws BadInput if one has a value that it cannot have
     */
    static HubSettings of(Map<String, String> variables, Path home) {
        Path xdg = path(variables, home, "XDG_CACHE_HOME", home.resolve(".cache"));
        Path own = path(variables, home, "HF_HOME", xdg.resolve("huggingface"));
        Path cache = path(variables, home, "HF_HUB_CACHE", path(variables, home, "HUGGINGFACE_HUB_CACHE", own.resolve("hub")));
        String token = Stream.of("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN").map(variables::get).filter(t -> t != null && !t.isBlank())
                .findFirst().orElseGet(() -> token(path(variables, home, "HF_TOKEN_PATH", own.resolve("token"))));
        BadInput.unless(token == null || token.strip().matches("[\\x21-\\x7e]+"), "HF_TOKEN: holds what no token has, blanks or letters"
                + " beyond ASCII; copy it again");
        String seconds = variables.getOrDefault("HF_HUB_DOWNLOAD_TIMEOUT", "10");
        BadInput.unless(seconds.matches("[1-9]\\d{0,5}"), "HF_HUB_DOWNLOAD_TIMEOUT %s: is not a number of seconds", seconds);
        return new HubSettings(endpoint(variables.get("HF_ENDPOINT")), cache.toAbsolutePath(), token == null ? null : token.strip(),
                yes(variables.get("HF_HUB_OFFLINE")) || yes(variables.get("TRANSFORMERS_OFFLINE")),
                Duration.ofSeconds(Long.parseLong(seconds)));
    }

    private static URI endpoint(String named) {
        String address = named == null || named.isBlank() ? ENDPOINT : named.strip().replaceFirst("/+$", "");
        try {
            URI uri = URI.create(address);
            BadInput.unless(uri.getHost() != null && uri.getScheme().matches("https?"), "HF_ENDPOINT %s: is no address like %s", named,
                    ENDPOINT);
            return uri;
        } catch (IllegalArgumentException e) {
            throw new BadInput("HF_ENDPOINT " + named + ": is no address like " + ENDPOINT, e);
        }
    }

    private static Path path(Map<String, String> variables, Path home, String name, Path otherwise) {
        String named = variables.get(name);
        if (named == null || named.isBlank()) {
            return otherwise;
        }
        return named.equals("~") || named.startsWith("~/") ? home.resolve(named.substring(Math.min(2, named.length()))) : Path.of(named);
    }

    private static boolean yes(String value) {
        return value != null && value.toUpperCase(java.util.Locale.ROOT).matches("1|ON|YES|TRUE");
    }

    private static String token(Path file) {
        try {
            String token = Files.isRegularFile(file) ? Files.readString(file).strip() : "";
            return token.isEmpty() ? null : token;
        } catch (IOException e) {
            throw new BadInput(file + ": cannot be read (" + e.getMessage() + ")", e);
        }
    }
}
