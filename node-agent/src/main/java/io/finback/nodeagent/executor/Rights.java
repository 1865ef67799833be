package io.finback.nodeagent.executor;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Whom a process runs as, and what it may. Source: {@code proc(5)}, {@code status}.
 *
 * @param uid its effective user
 * @param gid its effective group
 * @param groups the others, with commas between them; {@code -}: none
 * @param bounding the most capabilities it can get, in hexadecimal, 16 digits
 * @param effective those it has
 */
record Rights(String uid, String gid, String groups, String bounding, String effective, boolean noNewPrivileges) {
    private static final String ROOT = "0";
    private static final String NO_CAPABILITIES = "0".repeat(16);

    static Rights of(String pid) throws IOException {
        Map<String, String> fields = new HashMap<>();
        for (String line : Files.readAllLines(Path.of("/proc", pid, "status"), StandardCharsets.ISO_8859_1)) {
            int colon = line.indexOf(':');
            if (colon > 0) {
                fields.put(line.substring(0, colon), line.substring(colon + 1).strip());
            }
        }
        String groups = fields.getOrDefault("Groups", "").replace(' ', ',');
        return new Rights(
                effective(fields.getOrDefault("Uid", "")),
                effective(fields.getOrDefault("Gid", "")),
                groups.isEmpty() ? "-" : groups,
                fields.getOrDefault("CapBnd", NO_CAPABILITIES),
                fields.getOrDefault("CapEff", NO_CAPABILITIES),
                fields.getOrDefault("NoNewPrivs", ROOT).equals("1"));
    }

    /** Of the real, effective, saved and file system's one. */
    private static String effective(String four) {
        String[] ids = four.split("\\s+", -1);
        return ids.length > 1 ? ids[1] : ROOT;
    }

    /** What this process must be told to start a command with these rights and no more ({@code src/main/native/holder.c}). */
    List<String> wordsFor(Rights ours) {
        List<String> words = new ArrayList<>();
        if (!bounding.equals(ours.bounding)) {
            words.addAll(List.of("bound", bounding));
        }
        // Root starts with whatever its bound leaves; everybody else with nothing. Only what is different has to be
        // said.
        String kept = kept();
        if (ours.uid.equals(ROOT) && !kept.equals(uid.equals(ROOT) ? bounding : NO_CAPABILITIES)) {
            words.addAll(List.of("caps", kept));
        }
        if (!uid.equals(ours.uid)) {
            words.addAll(List.of("uid", uid, gid, groups));
        }
        if (noNewPrivileges) {
            words.add("nnp");
        }
        return words;
    }

    /** A task that is about to become its command still has what its bound takes away the next moment. */
    private String kept() {
        long both = Long.parseUnsignedLong(effective, 16) & Long.parseUnsignedLong(bounding, 16);
        return String.format(Locale.ROOT, "%016x", both);
    }
}
