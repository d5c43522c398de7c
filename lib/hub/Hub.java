package hub;

//JAVA 17+
//SOURCES ../common/Common.java
//SOURCES HubCache.java
//SOURCES HubClient.java
//SOURCES HubListener.java
//SOURCES HubName.java
//SOURCES HubSettings.java

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import common.BadInput;
import common.Json;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * Downloads models and data sets of the Hugging Face hub by name into the cache of Python's {@code huggingface_hub}: what
 * either has downloaded, the other finds. Include it by {@code //SOURCES lib/hub/Hub.java}; it knows nothing of LPPO.
 *
 * <p>Every file is compared with the checksum that the hub states for it before it becomes visible in the cache. What a cut left
 * behind is gone on with. A proxy is Java's own setting, {@code -Dhttps.proxyHost}.
 */
public final class Hub {

    private static final String WEIGHTS = "model.safetensors";
    private static final String INDEX = "model.safetensors.index.json";
    private static final Set<String> BESIDE = Set.of("config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json",
            "special_tokens_map.json", "added_tokens.json", "chat_template.jinja", "chat_template.json", "vocab.json", "merges.txt");

    private final HubSettings settings;
    private final HubClient client;

    public Hub(HubSettings settings) {
        this(settings, Duration.ofSeconds(1));
    }

    /** @param pause before the second attempt of a request; twice as long before each further one */
    Hub(HubSettings settings, Duration pause) {
        this.settings = settings;
        this.client = new HubClient(settings, pause);
    }

    /** The hub that the environment variables name: {@link HubSettings#fromEnvironment}. */
    public static Hub fromEnvironment() {
        return new Hub(HubSettings.fromEnvironment());
    }

    /** What a repository holds in one commit, as the hub says, or as far as the cache has it. */
    private record Listing(HubName name, String commit, Set<String> files, boolean cached) {}

    /**
     * The folder of a model in the cache, with what is missing there downloaded: configuration, tokenizer, chat template and weights in
     * safetensors, nothing else of the repository.
     *
     * @param name {@code OWNER/NAME}, or {@code OWNER/NAME@REVISION}: a branch, tag or commit
     * @throws BadInput if there is no such revision, it has no safetensors, does not fit on the disk or is not what the hub's checksums
     *     say, or if it is not in the cache and does not exist, is gated or cannot be reached
     */
    public Path model(String name, HubListener listener) {
        return granted(HubName.of(HubName.Kind.MODEL, name), listener, listing -> model(listing, listener));
    }

    private Path model(Listing listing, HubListener listener) {
        Set<String> wanted = new TreeSet<>(listing.files());
        wanted.retainAll(BESIDE);
        BadInput.unless(wanted.contains("config.json"), "%s: has no config.json%s", listing.name(), whereItLies(listing));
        if (listing.files().contains(WEIGHTS)) {
            wanted.add(WEIGHTS);
        } else {
            BadInput.unless(listing.files().contains(INDEX), "%s: has no model.safetensors%s; take a repository or a revision that has"
                    + " (pickles, GGUF and ONNX are not read)", listing.name(), whereItLies(listing));
            wanted.add(INDEX);
            fetch(listing, Set.of(INDEX), HubListener.NONE);
            wanted.addAll(shards(folder(listing).resolve(INDEX)));
        }
        fetch(listing, wanted, listener);
        return folder(listing);
    }

    /**
     * Files of a data set in the cache, downloaded if they are not there.
     *
     * @param name as of a model; without a revision the branch {@code refs/convert/parquet}, where the hub keeps every data set as
     *     {@code CONFIGURATION/SPLIT/NNNN.parquet}
     * @param choice of all file names those that are wanted
     * @throws BadInput as {@link #model}
     */
    public List<Path> dataset(String name, UnaryOperator<List<String>> choice, HubListener listener) {
        return granted(HubName.of(HubName.Kind.DATASET, name), listener, listing -> {
            List<String> wanted = choice.apply(List.copyOf(listing.files()));
            fetch(listing, new TreeSet<>(wanted), listener);
            return wanted.stream().map(folder(listing)::resolve).toList();
        });
    }

    /** Takes what is in the cache of a repository that the hub does not give to this user, or no longer. */
    private <T> T granted(HubName name, HubListener listener, Function<Listing, T> use) {
        try {
            return use.apply(listing(name, listener));
        } catch (HubClient.Denied denied) {
            T found;
            try {
                found = use.apply(cached(name, denied.getMessage(), null));
            } catch (BadInput e) {
                throw new BadInput(denied.getMessage(), e);
            }
            listener.told(denied.getMessage() + "; taking what is in the cache");
            return found;
        }
    }

    private static String whereItLies(Listing listing) {
        return listing.cached() ? " in the cache, and the hub was not asked" : "";
    }

    private Path folder(Listing listing) {
        return cache(listing.name()).snapshot(listing.commit());
    }

    private HubCache cache(HubName name) {
        return new HubCache(settings.cache(), name);
    }

    private Listing listing(HubName name, HubListener listener) {
        if (settings.offline()) {
            return cached(name, "HF_HUB_OFFLINE is set", null);
        }
        try {
            HubClient.Info info = client.info(name);
            return new Listing(name, info.commit(), new TreeSet<>(info.files()), false);
        } catch (HubClient.Unreachable e) {
            Listing listing = cached(name, e.getMessage(), e);
            listener.told("%s: %s; taking what is in the cache".formatted(name, e.getMessage()));
            return listing;
        }
    }

    private Listing cached(HubName name, String why, Throwable cause) {
        try {
            HubCache cache = cache(name);
            String commit = cache.commit();
            if (commit != null && Files.isDirectory(cache.snapshot(commit))) {
                return new Listing(name, commit, cache.files(commit), true);
            }
        } catch (IOException e) {
            throw new BadInput(settings.cache() + ": cannot be read (" + e.getMessage() + ")", e);
        }
        throw new BadInput("%s: %s, and it is not in the cache %s; name a folder, or try again with the network".formatted(name, why,
                settings.cache()), cause);
    }

    private static Set<String> shards(Path index) {
        JsonObject json = Json.object(index);
        BadInput.unless(json.has("weight_map") && json.get("weight_map").isJsonObject(), "%s: has no weight_map", index);
        Set<String> shards = new TreeSet<>();
        for (Map.Entry<String, JsonElement> entry : json.getAsJsonObject("weight_map").entrySet()) {
            String shard = entry.getValue().isJsonPrimitive() ? entry.getValue().getAsString() : "";
            BadInput.unless(shard.matches("[\\w-][\\w.-]*\\.safetensors"), "%s: %s is not the name of a safetensors file", index, shard);
            shards.add(shard);
        }
        return shards;
    }

    private void fetch(Listing listing, Set<String> wanted, HubListener listener) {
        HubCache cache = cache(listing.name());
        List<String> missing = wanted.stream().filter(file -> !Files.exists(folder(listing).resolve(file))).toList();
        BadInput.unless(missing.isEmpty() || !listing.cached(), "%s: is in the cache only in part, %s is missing, and the hub was not"
                + " asked; try again with the network", listing.name(), missing.isEmpty() ? "" : missing.get(0));
        try {
            Map<String, HubClient.Remote> remotes = new LinkedHashMap<>();
            for (String file : missing) {
                remotes.put(file, client.head(listing.name(), listing.commit(), file));
            }
            List<String> download = new ArrayList<>();
            long total = 0;
            long left = 0;
            for (Map.Entry<String, HubClient.Remote> entry : remotes.entrySet()) {
                if (!Files.exists(cache.blob(entry.getValue().etag()))) {
                    download.add(entry.getKey());
                    total += entry.getValue().size();
                    left += Math.max(0, entry.getValue().size() - HubClient.held(cache.part(entry.getValue().etag())));
                }
            }
            if (!missing.isEmpty()) {
                cache.prepare();
                long free = cache.free();
                BadInput.unless(left <= free, "%s: needs %,d MB, but %s has %,d MB free; free some, or set HF_HUB_CACHE to a folder on"
                        + " another disk", listing.name(), (left >> 20) + 1, settings.cache(), free >> 20);
            }
            long before = 0;
            for (String file : missing) {
                HubClient.Remote remote = remotes.get(file);
                long done = before;
                long all = total;
                if (download.contains(file)) {
                    download(cache, listing, file, remote, bytes -> listener.at(file, done + bytes, all));
                    before += remote.size();
                }
                cache.link(listing.commit(), file, remote.etag(), download.contains(file));
            }
            if (!listing.cached()) {
                cache.remember(listing.commit());
            }
        } catch (HubClient.Unreachable e) {
            throw new BadInput("%s: %s; what was downloaded is kept, so try again".formatted(listing.name(), e.getMessage()), e);
        } catch (IOException e) {
            throw new BadInput("%s: cannot be written to (%s); make room and permit it, or set HF_HUB_CACHE to another folder".formatted(
                    settings.cache(), e.getMessage()), e);
        }
    }

    private void download(HubCache cache, Listing listing, String file, HubClient.Remote remote, HubClient.Bytes progress)
            throws IOException {
        FileChannel lock = cache.lock(remote.etag());
        try {
            if (!Files.exists(cache.blob(remote.etag()))) { // another process may have been faster
                client.fetch(listing.name(), listing.commit(), file, remote, cache.part(remote.etag()), progress);
                cache.complete(remote.etag());
            }
        } finally {
            lock.close();
        }
    }
}
