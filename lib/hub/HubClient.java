package hub;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import common.BadInput;
import common.Json;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Timer;
import java.util.TimerTask;
import java.util.concurrent.atomic.AtomicLong;

/** Implements the hub's HTTP protocol: the files of a repository, their metadata and their contents. */
final class HubClient {

    private static final int ATTEMPTS = 5;
    private static final int REDIRECTS = 10;

    private final HubSettings settings;
    private final Duration pause;
    private final HttpClient http;

    HubClient(HubSettings settings, Duration pause) {
        this.settings = settings;
        this.pause = pause;
        this.http = HttpClient.newBuilder().followRedirects(HttpClient.Redirect.NEVER).version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(settings.timeout()).build();
    }

    /** The hub did not answer, or broke off again and again. */
    static final class Unreachable extends IOException {

        private static final long serialVersionUID = 1;

        Unreachable(String message, Throwable cause) {
            super(message, cause);
        }
    }

    /** The hub answered that it does not give this repository to this user. */
    static final class Denied extends RuntimeException {

        private static final long serialVersionUID = 1;

        Denied(String message) {
            super(message);
        }
    }

    /**
     * What a repository holds.
     *
     * @param commit 40 hexadecimal digits
     * @param files names, with slashes
     */
    record Info(String commit, List<String> files) {}

    /**
     * What the hub says of a file.
     *
     * @param etag its SHA-256, or of a small file git's SHA-1
     * @param size bytes
     */
    record Remote(String etag, long size) {

        /** Whether a file is it, as far as its ETag is a checksum that is known. */
        boolean is(Path file) throws IOException {
            boolean git = etag.matches("[0-9a-f]{40}");
            if (held(file) != size || !git && !etag.matches("[0-9a-f]{64}")) {
                return held(file) == size;
            }
            try (InputStream in = Files.newInputStream(file)) {
                MessageDigest digest = MessageDigest.getInstance(git ? "SHA-1" : "SHA-256");
                if (git) {
                    digest.update(("blob " + size + "\0").getBytes(StandardCharsets.US_ASCII));
                }
                byte[] buffer = new byte[1 << 16];
                for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                    digest.update(buffer, 0, read);
                }
                return HexFormat.of().formatHex(digest.digest()).equals(etag);
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException(e); // every Java has both
            }
        }
    }

    /** Takes how many bytes of a file are on the disk. */
    @FunctionalInterface
    interface Bytes {
        void accept(long bytes);
    }

    /** Resolves a revision and lists its files. */
    Info info(HubName name) throws Unreachable {
        URI address = name.info(settings.endpoint());
        HttpResponse<byte[]> response = patiently(() -> {
            HttpResponse<byte[]> answer = send("GET", address, 0, HttpResponse.BodyHandlers.ofByteArray()).response();
            return checked(answer, name, null);
        });
        JsonObject json = Json.object(new String(response.body(), StandardCharsets.UTF_8), address.toString());
        String commit = Json.text(json, "sha", address.toString());
        BadInput.unless(commit.matches("[0-9a-f]{40}") && json.has("siblings") && json.get("siblings").isJsonArray(),
                "%s: is not what a hub answers; check HF_ENDPOINT", address);
        List<String> files = new ArrayList<>();
        for (JsonElement sibling : json.getAsJsonArray("siblings")) {
            files.add(Json.text(sibling.getAsJsonObject(), "rfilename", address.toString()));
        }
        return new Info(commit, files);
    }

    /** What a file is, without its bytes. */
    Remote head(HubName name, String commit, String file) throws Unreachable {
        URI address = name.file(settings.endpoint(), commit, file);
        return patiently(() -> {
            Answer<Void> answer = send("HEAD", address, 0, HttpResponse.BodyHandlers.discarding());
            HttpHeaders headers = checked(answer.response(), name, file).headers();
            String etag = answer.etag() != null ? answer.etag() : headers.firstValue("ETag").orElse("");
            long size = answer.size() >= 0 ? answer.size() : headers.firstValueAsLong("Content-Length").orElse(-1);
            String bare = etag.replaceFirst("^W/", "").replace("\"", "");
            BadInput.unless(bare.matches("\\w[\\w.-]*") && size >= 0, "%s: has no ETag or no length, so it is not what a hub answers; check"
                    + " HF_ENDPOINT", address);
            return new Remote(bare, size);
        });
    }

    /**
     * Brings a file, going on behind what is there, until it is whole and is what its ETag says.
     *
     * @throws Unreachable if no attempt of several brought a byte
     * @throws BadInput if it is something else, or cannot be written
     */
    void fetch(HubName name, String commit, String file, Remote remote, Path part, Bytes progress) throws IOException {
        URI address = name.file(settings.endpoint(), commit, file);
        for (boolean again = false;; again = true) {
            if (held(part) > remote.size()) {
                Files.delete(part);
            }
            for (int failures = 0; held(part) < remote.size() || !Files.exists(part);) {
                long before = held(part);
                IOException broken = null;
                try {
                    append(address, name, file, part, remote.size(), progress);
                } catch (Unreachable e) {
                    broken = e;
                }
                failures = held(part) > before ? 0 : failures + 1;
                if (held(part) < remote.size() || !Files.exists(part)) {
                    if (failures == ATTEMPTS) {
                        throw new Unreachable(settings.endpoint() + " broke off in the middle of " + file, broken);
                    }
                    rest(failures);
                }
            }
            if (remote.is(part)) {
                progress.accept(remote.size());
                return;
            }
            Files.delete(part);
            BadInput.unless(!again, "%s: %s has another checksum than the hub states, twice; try later, or from another network", name,
                    file);
        }
    }

    /** One request for the bytes that are missing. */
    private void append(URI address, HubName name, String file, Path part, long size, Bytes progress) throws IOException {
        HttpResponse<InputStream> response;
        try {
            response = checked(send("GET", address, held(part), HttpResponse.BodyHandlers.ofInputStream()).response(), name, file);
        } catch (Refused e) {
            if (e.status == 416) {
                Files.deleteIfExists(part);
            }
            throw new Unreachable(e.getMessage(), e);
        }
        boolean whole = response.statusCode() != 206; // the server knows no ranges
        AtomicLong heard = new AtomicLong(System.nanoTime());
        Timer watch = new Timer("hub", true);
        try (InputStream in = response.body();
                FileChannel out = FileChannel.open(part, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            out.truncate(whole ? 0 : out.size());
            out.position(out.size());
            watch.schedule(closing(in, heard), 1000, 1000);
            byte[] buffer = new byte[1 << 16];
            while (out.position() < size) {
                int read = read(in, buffer, name);
                if (read < 0) {
                    return;
                }
                heard.set(System.nanoTime());
                ByteBuffer bytes = ByteBuffer.wrap(buffer, 0, (int) Math.min(read, size - out.position()));
                while (bytes.hasRemaining()) {
                    out.write(bytes);
                }
                progress.accept(out.position());
            }
        } finally {
            watch.cancel();
        }
    }

    private int read(InputStream in, byte[] buffer, HubName name) throws Unreachable {
        try {
            return in.read(buffer);
        } catch (IOException e) {
            throw new Unreachable("%s: broken off".formatted(name), e);
        }
    }

    /** Ends a read that hears nothing. */
    private TimerTask closing(InputStream in, AtomicLong heard) {
        return new TimerTask() {
            @Override
            public void run() {
                if (System.nanoTime() - heard.get() > settings.timeout().toNanos()) {
                    try {
                        in.close();
                    } catch (IOException e) {
                        // it is over either way
                    }
                }
            }
        };
    }

    /**
     * An answer, and what redirects on the way said of the file.
     *
     * @param etag of the file behind the redirect; null if none said
     * @param size of it; -1 if none said
     */
    private record Answer<T>(HttpResponse<T> response, String etag, long size) {}

    /** Sends a request and follows redirects, those to other hosts without the token; a HEAD ends where the file is known. */
    private <T> Answer<T> send(String method, URI address, long from, HttpResponse.BodyHandler<T> body) throws IOException {
        URI at = address;
        String etag = null;
        long size = -1;
        for (int i = 0; i < REDIRECTS; i++) {
            HttpRequest.Builder request = HttpRequest.newBuilder(at).timeout(settings.timeout()).header("User-Agent", "java-hub/1")
                    .method(method, HttpRequest.BodyPublishers.noBody());
            if (settings.token() != null && sameOrigin(at, settings.endpoint())) {
                request.header("Authorization", "Bearer " + settings.token());
            }
            if (from > 0) {
                request.header("Range", "bytes=" + from + "-");
            }
            HttpResponse<T> response;
            try {
                response = http.send(request.build(), body);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new Unreachable("interrupted", e);
            } catch (IOException e) {
                throw new Unreachable("cannot reach " + at.getScheme() + "://" + at.getAuthority() + " (" + reason(e) + ")", e);
            }
            etag = response.headers().firstValue("X-Linked-Etag").orElse(etag);
            size = response.headers().firstValueAsLong("X-Linked-Size").orElse(size);
            String location = response.headers().firstValue("Location").orElse(null);
            if (response.statusCode() / 100 != 3 || location == null) {
                return new Answer<>(response, etag, size);
            }
            URI next = at.resolve(location);
            if (method.equals("HEAD") && !sameOrigin(at, next) && etag != null && size >= 0) {
                return new Answer<>(response, etag, size);
            }
            if (response.body() instanceof InputStream unread) {
                unread.close();
            }
            BadInput.unless(next.getHost() != null && (next.getScheme().equals("https") || !at.getScheme().equals("https")),
                    "%s: redirects to %s, which is not safe", at, next);
            at = next;
        }
        throw new Unreachable(address + " redirects for ever", null);
    }

    private static boolean sameOrigin(URI one, URI other) {
        return one.getScheme().equalsIgnoreCase(other.getScheme()) && one.getHost().equalsIgnoreCase(other.getHost())
                && port(one) == port(other);
    }

    private static int port(URI uri) {
        return uri.getPort() >= 0 ? uri.getPort() : uri.getScheme().equalsIgnoreCase("https") ? 443 : 80;
    }

    private static String reason(IOException e) {
        Throwable deepest = e;
        while (deepest.getCause() != null) {
            deepest = deepest.getCause();
        }
        String kind = deepest.getClass().getSimpleName().replace("Exception", "").replaceAll("(?<=[a-z])(?=[A-Z])", " ")
                .toLowerCase(Locale.ROOT);
        return deepest.getMessage() == null ? kind : deepest.getMessage();
    }

    /** A status that another attempt may change. */
    private static final class Refused extends IOException {

        private static final long serialVersionUID = 1;
        private final int status;

        Refused(int status, String message) {
            super(message);
            this.status = status;
        }
    }

    /** The response, if it is one that was hoped for. */
    private <T> HttpResponse<T> checked(HttpResponse<T> response, HubName name, String file) throws IOException {
        int status = response.statusCode();
        if (status / 100 == 2 || status / 100 == 3) {
            return response;
        }
        if (response.body() instanceof InputStream unread) {
            unread.close();
        }
        if (!sameOrigin(response.uri(), settings.endpoint())) { // a store whose signed address may have run out
            throw new Refused(status, response.uri().getHost() + " answers " + status);
        }
        URI page = name.page(settings.endpoint());
        String code = response.headers().firstValue("X-Error-Code").orElse("");
        if (status == 403 || code.equals("GatedRepo")) {
            throw new Denied("%s: is gated (%d); accept its terms on %s, and %s".formatted(name, status, page, settings.token() == null
                    ? "set HF_TOKEN to a token of your account" : "see that the token may read it"));
        }
        if (status == 401) {
            throw new Denied("%s: does not exist on %s, or is private (401); %s".formatted(name, settings.endpoint(),
                    settings.token() == null ? "check the name, or set HF_TOKEN"
                            : "check the name, and that the token is valid and may read it"));
        }
        BadInput.unless(!code.equals("RevisionNotFound"), "%s: has no revision %s (404); see %s/tree", name.id(), name.revision(), page);
        if (status == 404 && file == null) {
            throw new Denied("%s: neither a folder here nor on %s (404); check the name".formatted(name, settings.endpoint()));
        }
        BadInput.unless(status != 404, "%s: has no %s (404)", name, file);
        if (status == 408 || status == 416 || status == 429 || status >= 500) {
            throw new Refused(status, settings.endpoint() + " answers " + status);
        }
        throw new BadInput("%s: %s answers %d to %s".formatted(name, settings.endpoint(), status, response.uri()));
    }

    /** Something that asks the hub. */
    private interface Question<T> {
        T ask() throws IOException;
    }

    private <T> T patiently(Question<T> question) throws Unreachable {
        for (int failures = 1;; failures++) {
            try {
                return question.ask();
            } catch (Unreachable e) { // no network: several attempts would only keep a person waiting
                throw e;
            } catch (IOException e) {
                if (failures == ATTEMPTS) {
                    throw new Unreachable(e.getMessage() + "; it may be overloaded, try later", e);
                }
                rest(failures);
            }
        }
    }

    private void rest(int failures) throws Unreachable {
        try {
            Thread.sleep(pause.toMillis() << Math.max(0, failures - 1));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Unreachable("interrupted", e);
        }
    }

    /** Bytes of a file; 0 if there is none. */
    static long held(Path file) throws IOException {
        return Files.exists(file) ? Files.size(file) : 0;
    }
}
