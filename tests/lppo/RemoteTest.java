package lppo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonParser;
import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Tests remote commands: the checkout is served over HTTP, and everything runs from its URL in an empty folder. */
@DisabledOnOs(OS.WINDOWS)
class RemoteTest {

    @TempDir
    Path world;
    private HttpServer server;
    private String catalog;
    private Path wrapper;

    @BeforeEach
    void serve() throws Exception {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            Path file = Checkout.ROOT.resolve(exchange.getRequestURI().getPath().substring(1)).normalize();
            boolean there = file.startsWith(Checkout.ROOT) && Files.isRegularFile(file);
            byte[] body = there ? Files.readAllBytes(file) : new byte[0];
            exchange.sendResponseHeaders(there ? 200 : 404, body.length == 0 ? -1 : body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.start();
        catalog = "@http://127.0.0.1:" + server.getAddress().getPort() + "/jbang-catalog.json";
        wrapper = Files.copy(Checkout.ROOT.resolve("jbang"), world.resolve("jbang"));
        assertTrue(wrapper.toFile().setExecutable(true));
        Files.createDirectory(world.resolve("empty"));
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    @Test
    void everyAliasRunsByItsUrl() throws Exception {
        for (String alias : JsonParser.parseString(Files.readString(Checkout.ROOT.resolve("jbang-catalog.json"))).getAsJsonObject()
                .getAsJsonObject("aliases").keySet()) {
            String said = run(alias + catalog, "--help");
            assertTrue(said.contains("Usage: " + alias), alias + ": " + said);
        }
        assertEquals(3, names(world.resolve("cache/jars")).size(), "the commands, the tests and the formatter were compiled once each");
        String said = run("reproduce" + catalog, "--quick", "--steps", "10", "--recipes", "grpo,lppo");
        assertTrue(said.contains("report: runs/reproduce/report.md"), said);
        assertTrue(Files.size(world.resolve("empty/runs/reproduce/accuracy-steps.png")) > 1000);
        assertEquals(List.of("runs"), names(world.resolve("empty")), "nothing but the report is left behind");
    }

    @Test
    void everyExampleRunsByItsUrl() throws Exception {
        for (Path example : ExamplesTest.examples()) {
            String said = run(catalog.substring(1).replace("jbang-catalog.json", "notebooks/examples/" + example.getFileName()));
            assertTrue(said.contains("\n1 ") && said.contains("\n5 "), said);
        }
        assertEquals(List.of(), names(world.resolve("empty")), "nothing is left behind");
    }

    private String run(String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of(wrapper.toString()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).directory(world.resolve("empty").toFile()).redirectErrorStream(true);
        builder.environment().put("JBANG_CACHE_DIR", world.resolve("cache").toString());
        Process process = builder.start();
        process.getOutputStream().close();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), said);
        return said;
    }

    private static List<String> names(Path folder) throws Exception {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).toList();
        }
    }
}
