package io.finback.verification.process;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.Assumptions;

/**
 * A real browser without a window, told what to do by the DevTools protocol. Everything it complains about is kept: scripts that fail, what
 * the page logs, what its policy forbids.
 */
final class Chromium implements AutoCloseable {
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final List<String> NAMES = List.of("chromium", "chromium-browser", "google-chrome");
    private static final ObjectMapper JSON = new ObjectMapper();

    /** What it found wrong with the pages it has shown. */
    final List<String> complaints = new CopyOnWriteArrayList<>();

    private final Process process;
    private final AtomicInteger calls = new AtomicInteger();
    private final Map<Integer, CompletableFuture<JsonNode>> waiting = new ConcurrentHashMap<>();
    private final Supplier<Optional<String>> credentials;
    private CompletableFuture<?> sent = CompletableFuture.completedFuture(null);
    private WebSocket socket;

    private Chromium(Process process, Supplier<Optional<String>> credentials) {
        this.process = process;
        this.credentials = credentials;
    }

    /**
     * @param credentials what a person types when the browser asks: {@code name:secret}; empty: cancels
     * @param more arguments for the browser
     */
    static Chromium start(Path dir, Supplier<Optional<String>> credentials, String... more) throws Exception {
        Path program = program().orElse(null);
        if (program == null) {
            String why = "SKIPPED: no Chromium on PATH, so no browser has looked at this (Debian: chromium)";
            System.err.println(why);
            Assumptions.abort(why);
        }
        Path profile = Files.createDirectories(dir.resolve("chromium"));
        List<String> line = new ArrayList<>(List.of(
                program.toString(),
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--no-proxy-server",
                "--disable-background-networking",
                "--disable-component-update",
                "--remote-debugging-port=0",
                "--user-data-dir=" + profile));
        line.addAll(List.of(more));
        line.add("about:blank");
        Process process = new ProcessBuilder(line)
                .redirectErrorStream(true)
                .redirectOutput(dir.resolve("chromium.out").toFile())
                .start();
        Chromium browser = new Chromium(process, credentials);
        try {
            browser.connect(profile);
        } catch (Exception | AssertionError e) {
            browser.close();
            throw e;
        }
        return browser;
    }

    private static Optional<Path> program() {
        String path = Optional.ofNullable(System.getenv("PATH")).orElse("");
        return Arrays.stream(path.split(":", -1))
                .flatMap(folder -> NAMES.stream().map(name -> Path.of(folder, name)))
                .filter(Files::isExecutable)
                .findFirst();
    }

    private void connect(Path profile) throws Exception {
        Path port = profile.resolve("DevToolsActivePort");
        Waiting.until("chromium listens", LIMIT, () -> Files.readAllLines(port).size() > 1);
        String base = "http://127.0.0.1:" + Files.readAllLines(port).get(0) + "/json/new?about:blank";
        HttpClient client = HttpClient.newHttpClient();
        JsonNode tab = JSON.readTree(client.send(
                        HttpRequest.newBuilder(URI.create(base))
                                .PUT(HttpRequest.BodyPublishers.noBody())
                                .build(),
                        HttpResponse.BodyHandlers.ofString())
                .body());
        socket = client.newWebSocketBuilder()
                .buildAsync(URI.create(tab.path("webSocketDebuggerUrl").asText()), new Ears())
                .get(LIMIT.toSeconds(), TimeUnit.SECONDS);
        for (String domain : List.of("Page", "Runtime", "Log")) {
            var unused = call(domain + ".enable", JSON.createObjectNode());
        }
        var unused = call("Fetch.enable", JSON.createObjectNode().put("handleAuthRequests", true));
    }

    /** Collects what the browser says. */
    private final class Ears implements WebSocket.Listener {
        private final StringBuilder text = new StringBuilder();

        @Override
        public CompletionStage<?> onText(WebSocket from, CharSequence part, boolean last) {
            text.append(part);
            if (last) {
                String whole = text.toString();
                text.setLength(0);
                hear(whole);
            }
            from.request(1);
            return null;
        }
    }

    private void hear(String text) {
        try {
            JsonNode said = JSON.readTree(text);
            CompletableFuture<JsonNode> answer = waiting.remove(said.path("id").asInt(-1));
            if (answer != null) {
                answer.complete(said);
                return;
            }
            event(said.path("method").asText(), said.path("params"));
        } catch (IOException e) {
            complaints.add(e.toString());
        }
    }

    private void event(String method, JsonNode about) {
        switch (method) {
            case "Runtime.exceptionThrown" ->
                complaints.add(about.path("exceptionDetails").toString());
            case "Runtime.consoleAPICalled" -> complaints.add(about.path("args").toString());
            case "Log.entryAdded" ->
                complaints.add(about.path("entry").path("text").asText() + " "
                        + about.path("entry").path("url").asText());
            case "Page.javascriptDialogOpening" ->
                complaints.add("dialog: " + about.path("message").asText());
            case "Fetch.requestPaused" ->
                tell(
                        "Fetch.continueRequest",
                        JSON.createObjectNode()
                                .put("requestId", about.path("requestId").asText()));
            case "Fetch.authRequired" -> tell("Fetch.continueWithAuth", answer(about));
            default -> {}
        }
    }

    private ObjectNode answer(JsonNode about) {
        ObjectNode answer =
                JSON.createObjectNode().put("requestId", about.path("requestId").asText());
        ObjectNode typed = answer.putObject("authChallengeResponse");
        Optional<String> pair = credentials.get();
        typed.put("response", pair.isPresent() ? "ProvideCredentials" : "CancelAuth");
        pair.ifPresent(each -> typed.put("username", each.substring(0, each.indexOf(':')))
                .put("password", each.substring(each.indexOf(':') + 1)));
        return answer;
    }

    private void tell(String method, ObjectNode params) {
        send(calls.incrementAndGet(), method, params);
    }

    /** One after the other: a message must have been sent before the next. */
    private synchronized void send(int id, String method, ObjectNode params) {
        ObjectNode message = JSON.createObjectNode().put("id", id).put("method", method);
        message.set("params", params);
        sent = sent.thenCompose(before -> socket.sendText(message.toString(), true));
    }

    private JsonNode call(String method, ObjectNode params) throws Exception {
        int id = calls.incrementAndGet();
        CompletableFuture<JsonNode> answer = new CompletableFuture<>();
        waiting.put(id, answer);
        send(id, method, params);
        JsonNode said = answer.get(LIMIT.toSeconds(), TimeUnit.SECONDS);
        if (said.has("error")) {
            throw new AssertionError(method + ": " + said.path("error"));
        }
        return said.path("result");
    }

    void open(String url) throws Exception {
        var unused = call("Page.navigate", JSON.createObjectNode().put("url", url));
    }

    /** The value of an expression on the page. */
    String eval(String expression) throws Exception {
        JsonNode result = call(
                "Runtime.evaluate",
                JSON.createObjectNode()
                        .put("expression", expression)
                        .put("awaitPromise", true)
                        .put("returnByValue", true));
        if (result.has("exceptionDetails")) {
            throw new AssertionError(expression + ": " + result.path("exceptionDetails"));
        }
        return result.path("result").path("value").asText();
    }

    /** What a person reads on the page. */
    String text() throws Exception {
        return eval("document.body.innerText");
    }

    /** Waits until a person reads this. */
    void reads(String text) {
        Waiting.until("'" + text + "' is shown", LIMIT, () -> text().contains(text), this::seen);
    }

    void readsNoMore(String text) {
        Waiting.until("'" + text + "' is shown no more", LIMIT, () -> !text().contains(text), this::seen);
    }

    private String seen() {
        try {
            return eval("location.href") + "\n" + text() + "\n" + complaints;
        } catch (Exception e) {
            return e.toString();
        }
    }

    /** Presses what has this text, once it is there: links, buttons, check boxes by their label. */
    void press(String within, String text) {
        String find = "[...document.querySelectorAll(" + quoted(within)
                + ")].filter(each => each.textContent.trim() === " + quoted(text) + " && !each.disabled).pop()";
        Waiting.until(
                "'" + text + "' can be pressed",
                LIMIT,
                () -> eval("(() => { const found = " + find + "; found?.click(); return Boolean(found); })()")
                        .equals("true"),
                this::seen);
    }

    /** Types into the element, which is there. */
    void type(String selector, String text) {
        Waiting.until(
                selector + " can be typed into",
                LIMIT,
                () -> eval("(() => { const field = document.querySelector(" + quoted(selector)
                                + "); if (!field) return false; field.focus(); field.value = " + quoted(text)
                                + "; field.dispatchEvent(new Event('input', { bubbles: true })); return true; })()")
                        .equals("true"),
                this::seen);
    }

    private static String quoted(String text) {
        try {
            return JSON.writeValueAsString(text);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() {
        List<ProcessHandle> all = new ArrayList<>(process.descendants().toList());
        all.add(process.toHandle());
        all.forEach(ProcessHandle::destroy);
        try {
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                all.forEach(ProcessHandle::destroyForcibly);
            }
        } catch (InterruptedException e) {
            all.forEach(ProcessHandle::destroyForcibly);
            Thread.currentThread().interrupt();
        }
    }
}
