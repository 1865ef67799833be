package io.finback.meshrouter.admin;

import akka.http.javadsl.model.ContentType;
import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpEntities;
import akka.http.javadsl.model.HttpResponse;
import io.finback.security.PageHeaders;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The admin server's pages: plain files, which load nothing from elsewhere and run no script but their own. What they show they ask of the
 * same server.
 */
final class Pages {
    private static final Map<String, String> PAGES = Map.of("/", "index.html", "/delegator", "delegator.html");

    /** Where Linkerd's and TwitterServer's pages have what belongs to them. */
    private static final List<String> FILES = List.of("/files/", "/admin/files/");

    private static final Map<String, ContentType> TYPES = Map.of(
            "html", ContentTypes.TEXT_HTML_UTF8,
            "css", ContentTypes.parse("text/css; charset=UTF-8"),
            "js", ContentTypes.parse("text/javascript; charset=UTF-8"));

    private Pages() {}

    static boolean isPage(String path) {
        return PAGES.containsKey(path) || FILES.stream().anyMatch(path::startsWith);
    }

    /** Empty: there is no such file. */
    static Optional<HttpResponse> get(String path) {
        String name = PAGES.get(path);
        for (String folder : FILES) {
            if (name == null && path.startsWith(folder)) {
                name = path.substring(folder.length());
            }
        }
        if (name == null || !name.matches("[a-z]{1,40}\\.(html|css|js)")) {
            return Optional.empty();
        }
        ContentType type = TYPES.get(name.substring(name.indexOf('.') + 1));
        return read(name).map(bytes -> HttpResponse.create()
                .withEntity(HttpEntities.create(type, bytes))
                .addHeaders(PageHeaders.ALWAYS));
    }

    private static Optional<byte[]> read(String name) {
        try (InputStream in = Pages.class.getResourceAsStream(name)) {
            return in == null ? Optional.empty() : Optional.of(in.readAllBytes());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
