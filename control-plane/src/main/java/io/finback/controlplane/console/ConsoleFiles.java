package io.finback.controlplane.console;

import akka.http.javadsl.model.ContentType;
import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpEntities;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.headers.RawHeader;
import akka.util.ByteString;
import io.finback.security.PageHeaders;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import java.util.zip.GZIPOutputStream;

/**
 * The console's files, from the class path, each read once. A browser asks every time whether what it has is still right ({@code ETag},
 * 304), so a new version of the program is seen at once; nothing may be loaded from elsewhere, and nothing written into a page runs.
 * Thread-safe.
 */
final class ConsoleFiles {
    /** No dot but before the ending, so no way up; no other file of the class path has such a name below this package. */
    private static final Pattern NAME = Pattern.compile("(?:[a-z0-9-]{1,40}/)?[a-z0-9-]{1,40}\\.(html|css|js|svg)");

    private static final Map<String, ContentType> TYPES = Map.of(
            "html", ContentTypes.TEXT_HTML_UTF8,
            "css", ContentTypes.parse("text/css; charset=UTF-8"),
            "js", ContentTypes.parse("text/javascript; charset=UTF-8"),
            "svg", ContentTypes.parse("image/svg+xml"));

    /** Of files there are: names that lead to none are not kept, or anybody could fill it. */
    private final Map<String, Asset> assets = new ConcurrentHashMap<>();

    private record Asset(ContentType type, ByteString plain, ByteString gzipped, String tag) {}

    /** {@code name} as it follows the console's path; empty: its page. */
    HttpResponse answer(HttpRequest request, String name) {
        String file = name.isEmpty() ? "index.html" : name;
        if (!NAME.matcher(file).matches()) {
            return missing(name);
        }
        return Optional.ofNullable(assets.get(file))
                .or(() -> {
                    Optional<Asset> read = read(file);
                    read.ifPresent(asset -> assets.put(file, asset));
                    return read;
                })
                .map(asset -> answer(request, asset))
                .orElseGet(() -> missing(name));
    }

    private static HttpResponse answer(HttpRequest request, Asset asset) {
        boolean zipped = accepts(request, "Accept-Encoding", "gzip");
        // The two forms differ in their bytes, so in their tags.
        String tag = "\"" + asset.tag() + (zipped ? "-gz\"" : "\"");
        List<akka.http.javadsl.model.HttpHeader> headers = new ArrayList<>(PageHeaders.ALWAYS);
        headers.add(RawHeader.create("Vary", "Accept-Encoding"));
        headers.add(RawHeader.create("ETag", tag));
        HttpResponse response = HttpResponse.create();
        if (isKnown(request, tag)) {
            return response.withStatus(304).addHeaders(headers);
        }
        if (zipped) {
            headers.add(RawHeader.create("Content-Encoding", "gzip"));
        }
        return response.addHeaders(headers)
                .withEntity(HttpEntities.create(asset.type(), zipped ? asset.gzipped() : asset.plain()));
    }

    /** Whether who asks has what is called so. */
    static boolean isKnown(HttpRequest request, String tag) {
        return request.getHeader("If-None-Match")
                .map(header -> Arrays.stream(header.value().split(",", -1))
                        .map(String::strip)
                        .anyMatch(each -> each.equals("*") || each.equals(tag) || each.equals("W/" + tag)))
                .orElse(false);
    }

    /** Whether a header that lists names has this one, and not with weight 0. */
    static boolean accepts(HttpRequest request, String header, String name) {
        return request.getHeader(header)
                .map(given -> Arrays.stream(
                                given.value().toLowerCase(Locale.ROOT).split(",", -1))
                        .map(each -> each.strip().split("\\s*;\\s*", -1))
                        .anyMatch(each -> each[0].equals(name)
                                && Arrays.stream(each).noneMatch(part -> part.matches("q=0(\\.0*)?"))))
                .orElse(false);
    }

    private static HttpResponse missing(String name) {
        return HttpResponse.create()
                .withStatus(404)
                .addHeader(RawHeader.create("X-Content-Type-Options", "nosniff"))
                .withEntity(ContentTypes.TEXT_PLAIN_UTF8, "The console has no '" + name + "'\n");
    }

    private static Optional<Asset> read(String file) {
        try (InputStream in = ConsoleFiles.class.getResourceAsStream(file)) {
            if (in == null) {
                return Optional.empty();
            }
            byte[] bytes = in.readAllBytes();
            ContentType type = TYPES.getOrDefault(
                    file.substring(file.lastIndexOf('.') + 1), ContentTypes.APPLICATION_OCTET_STREAM);
            return Optional.of(new Asset(type, ByteString.fromArray(bytes), gzip(bytes), tag(bytes)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static ByteString gzip(byte[] bytes) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream zip = new GZIPOutputStream(out)) {
            zip.write(bytes);
        }
        return ByteString.fromArray(out.toByteArray());
    }

    /** Names these bytes. */
    static String tag(byte[] bytes) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(bytes);
            return HexFormat.of().formatHex(digest, 0, 12);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
