package io.finback.nodeagent.fetch;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;

/** Brings the content of one URI into one new file. Blocks until it is there, has failed, or was cancelled. */
final class Transfer {
    private static final int BUFFER = 64 * 1024;

    private final Download download;
    private final FetchSettings settings;
    private final Wire wire;
    private final Cancellation cancellation;
    private final LongConsumer grown;
    private long bytes;

    /** @param grown hears of every piece before it is written; may throw to end the transfer */
    Transfer(Download download, FetchSettings settings, Wire wire, Cancellation cancellation, LongConsumer grown) {
        this.download = download;
        this.settings = settings;
        this.wire = wire;
        this.cancellation = cancellation;
        this.grown = grown;
    }

    void into(Path file) throws FetchFailure {
        try {
            URI uri = download.parsed();
            switch (download.scheme()) {
                case "http", "https" -> http(uri, file);
                case "file" -> local(uri, file);
                default -> command(file);
            }
        } catch (FetchFailure e) {
            throw e;
        } catch (HttpConnectTimeoutException e) {
            throw new FetchFailure(download.uri(), "no connection within " + settings.connectTimeout());
        } catch (HttpTimeoutException e) {
            throw new FetchFailure(download.uri(), "nothing came for " + settings.stallTimeout());
        } catch (IOException e) {
            throw cancellation.isCancelled() ? failure("cancelled") : new FetchFailure(download.uri(), e);
        }
    }

    private void http(URI first, Path file) throws IOException {
        URI uri = first;
        for (int hop = 0; hop <= settings.maxRedirects(); hop++) {
            HttpResponse<InputStream> answer = wire.get(uri, cancellation);
            try (InputStream body = wire.watched(answer.body(), cancellation)) {
                if (answer.statusCode() == 200) {
                    long length =
                            answer.headers().firstValueAsLong("Content-Length").orElse(-1);
                    copy(body, file, length);
                    if (length >= 0 && bytes != length) {
                        throw failure("ended after " + bytes + " bytes (expected: " + length + ")");
                    }
                    return;
                }
            }
            uri = redirected(
                    uri,
                    answer.statusCode(),
                    answer.headers().firstValue("Location").orElse(""));
        }
        throw failure("redirects more than " + settings.maxRedirects() + " times");
    }

    private URI redirected(URI from, int status, String location) throws FetchFailure {
        boolean redirect = status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
        if (!redirect || location.isEmpty()) {
            throw failure("the server answered " + status + " (expected: 200)");
        }
        URI next;
        try {
            next = from.resolve(location);
        } catch (IllegalArgumentException e) {
            throw failure("the server redirects to '" + location + "' (expected: a URI)");
        }
        String scheme = next.getScheme() == null ? "" : next.getScheme().toLowerCase(Locale.ROOT);
        boolean allowed = scheme.equals("https")
                || (scheme.equals("http") && from.getScheme().equalsIgnoreCase("http"));
        if (!allowed || next.getHost() == null) {
            throw failure(
                    "the server redirects to '" + next + "' (expected: http or https, and never from https to http)");
        }
        return next;
    }

    private void local(URI uri, Path file) throws IOException {
        String host = uri.getHost();
        if (uri.getPath() == null || (host != null && !host.isEmpty() && !host.equals("localhost"))) {
            throw failure("(expected: file:///path, on this machine)");
        }
        Path source = Path.of(uri.getPath()).toRealPath();
        boolean allowed = false;
        for (Path root : settings.localRoots()) {
            allowed |= Files.exists(root) && source.startsWith(root.toRealPath());
        }
        if (!allowed) {
            throw failure("is below none of finback.agent.fetcher.local-roots: " + settings.localRoots());
        }
        if (!Files.isRegularFile(source, LinkOption.NOFOLLOW_LINKS)) {
            throw failure("is no plain file");
        }
        try (InputStream content = Files.newInputStream(source)) {
            copy(content, file, Files.size(source));
        }
    }

    private void command(Path file) throws IOException {
        List<String> template = settings.commands().get(download.scheme());
        if (template == null) {
            throw failure("no way to fetch '" + download.scheme()
                    + ":' (expected: http, https, file, or a scheme of finback.agent.fetcher.commands "
                    + settings.commands().keySet() + ")");
        }
        List<String> command = new ArrayList<>();
        for (String word : template) {
            command.add(
                    switch (word) {
                        case FetchSettings.URI -> download.uri();
                        case FetchSettings.FILE -> file.toString();
                        default -> word;
                    });
        }
        Path said = file.resolveSibling(file.getFileName() + ".said");
        try {
            run(command, file, said);
        } finally {
            Files.deleteIfExists(said);
        }
    }

    private void run(List<String> command, Path file, Path said) throws IOException {
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(said.toFile())
                .start();
        process.getOutputStream().close();
        Closeable ending = () -> kill(process);
        cancellation.add(ending);
        try {
            long heard = System.nanoTime();
            while (!process.waitFor(100, TimeUnit.MILLISECONDS)) {
                long size = Files.exists(file) ? Files.size(file) : 0;
                if (size > bytes) {
                    heard = System.nanoTime();
                    grow(size - bytes);
                } else if (System.nanoTime() - heard > settings.stallTimeout().toNanos()) {
                    throw failure(command.get(0) + " wrote nothing for " + settings.stallTimeout());
                }
            }
            if (process.exitValue() != 0 || !Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
                throw failure(command.get(0) + " ended with status " + process.exitValue()
                        + (Files.exists(file) ? "" : " and wrote no file") + ": " + lastWords(said));
            }
            grow(Files.size(file) - bytes);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw failure("interrupted");
        } finally {
            cancellation.remove(ending);
            kill(process);
        }
    }

    private static void kill(Process process) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
    }

    private static String lastWords(Path said) throws IOException {
        byte[] all = Files.exists(said) && Files.size(said) < 1 << 20 ? Files.readAllBytes(said) : new byte[0];
        String text = new String(all, StandardCharsets.UTF_8).strip();
        return text.substring(Math.max(0, text.length() - 300)).replaceAll("\\p{Cntrl}", " ");
    }

    private void copy(InputStream content, Path file, long announced) throws IOException {
        if (announced > settings.maxBytes()) {
            throw tooLarge(announced);
        }
        try (OutputStream out = Files.newOutputStream(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            byte[] buffer = new byte[BUFFER];
            int read = content.read(buffer);
            while (read >= 0) {
                grow(read);
                out.write(buffer, 0, read);
                read = content.read(buffer);
            }
        }
    }

    private void grow(long more) throws FetchFailure {
        bytes += more;
        if (bytes > settings.maxBytes()) {
            throw tooLarge(bytes);
        }
        if (cancellation.isCancelled()) {
            throw failure("cancelled");
        }
        grown.accept(more);
    }

    private FetchFailure tooLarge(long size) {
        return failure("has " + size + " bytes or more (expected: at most " + settings.maxBytes()
                + ", finback.agent.fetcher.max-size)");
    }

    private FetchFailure failure(String why) {
        return new FetchFailure(download.uri(), why);
    }
}
