package io.finback.nodeagent.oci;

import io.finback.nodeagent.image.ImageStore;
import io.finback.nodeagent.image.StoredImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Whom a container runs as, by the image's own {@code /etc/passwd} and {@code /etc/group}. Numbers need not be in there.
 *
 * @param groups its further groups
 * @param home where the image says it lives; {@code /} when it says nothing
 */
record ImageUser(int uid, int gid, List<Integer> groups, String home) {
    private static final Pattern NUMBER = Pattern.compile("\\d{1,10}");
    private static final long MAX_FILE_BYTES = 4L * 1024 * 1024;
    private static final int PASSWD_FIELDS = 7;

    ImageUser {
        groups = List.copyOf(groups);
    }

    /**
     * The user of that name.
     *
     * @param text {@code name}, {@code uid}, either with {@code :group} or {@code :gid} behind; empty: root
     * @throws IllegalArgumentException there is none; the message has the name
     */
    static ImageUser of(String text, ImageStore store, StoredImage image) throws IOException {
        int colon = text.indexOf(':');
        String user = colon < 0 ? text : text.substring(0, colon);
        String group = colon < 0 ? "" : text.substring(colon + 1);
        List<String[]> passwd = lines(store, image, "etc/passwd");
        List<String[]> groups = lines(store, image, "etc/group");
        if (user.isEmpty()) {
            user = "0";
        }
        String wanted = user;
        Optional<String[]> entry = passwd.stream()
                .filter(line -> line.length >= PASSWD_FIELDS - 1)
                .filter(line -> line[0].equals(wanted) || line[2].equals(wanted))
                .findFirst();
        if (entry.isEmpty() && !isNumber(user)) {
            throw new IllegalArgumentException(
                    "user " + user + " (expected: one of the image's /etc/passwd, or a number)");
        }
        int uid = entry.isPresent() ? number("uid", entry.get()[2]) : number("user", user);
        int gid = entry.isPresent() ? number("gid", entry.get()[3]) : 0;
        List<Integer> more = new ArrayList<>();
        if (group.isEmpty()) {
            if (entry.isPresent()) {
                String name = entry.get()[0];
                for (String[] line : groups) {
                    if (line.length >= 4 && List.of(line[3].split(",", -1)).contains(name)) {
                        more.add(number("gid", line[2]));
                    }
                }
            }
        } else {
            gid = groups.stream()
                    .filter(line -> line.length >= 3 && line[0].equals(group))
                    .findFirst()
                    .map(line -> number("gid", line[2]))
                    .or(() -> isNumber(group) ? Optional.of(number("group", group)) : Optional.empty())
                    .orElseThrow(() -> new IllegalArgumentException(
                            "group " + group + " (expected: one of the image's /etc/group, or a number)"));
        }
        return new ImageUser(
                uid,
                gid,
                more,
                entry.map(line -> line[5]).filter(home -> !home.isEmpty()).orElse("/"));
    }

    private static boolean isNumber(String text) {
        return NUMBER.matcher(text).matches() && Long.parseLong(text) <= Integer.MAX_VALUE;
    }

    private static int number(String what, String text) {
        if (!isNumber(text)) {
            throw new IllegalArgumentException(what + " '" + text + "' (expected: 0 to " + Integer.MAX_VALUE + ")");
        }
        return Integer.parseInt(text);
    }

    /** Of the topmost layer that has the file; nothing where it was taken away, or is reached through a link. */
    private static List<String[]> lines(ImageStore store, StoredImage image, String path) throws IOException {
        List<String[]> lines = new ArrayList<>();
        for (int i = image.layers().size() - 1; i >= 0; i--) {
            String layer = image.layers().get(i);
            Path etc = store.files(layer).resolve("etc");
            Path file = store.files(layer).resolve(path);
            if (Files.isDirectory(etc, LinkOption.NOFOLLOW_LINKS)
                    && Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
                if (Files.size(file) > MAX_FILE_BYTES) {
                    throw new IllegalArgumentException(
                            "the image's /" + path + ": more than " + MAX_FILE_BYTES + " bytes");
                }
                for (String line : new String(Files.readAllBytes(file), StandardCharsets.UTF_8).split("\n", -1)) {
                    lines.add(line.split(":", -1));
                }
                return lines;
            }
            if (store.whiteouts(layer).contains(path) || store.whiteouts(layer).contains("etc")) {
                return lines;
            }
        }
        return lines;
    }
}
