package io.finback.nodeagent.cgroup;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Where the kernel shows its control groups. Both versions may be there at once: then a controller belongs to one of them.
 *
 * @param unified the hierarchy of version 2, if it is mounted
 * @param unifiedControllers the controllers that belong to it
 * @param legacy the hierarchies of version 1, by controller ({@code cpu}, {@code memory}, {@code freezer} …)
 */
public record CgroupMounts(Optional<Path> unified, Set<String> unifiedControllers, Map<String, Path> legacy) {
    private static final Path MOUNTS = Path.of("/proc/self/mountinfo");

    /** The fields before the separator of a line of {@code mountinfo}; the fifth is the mount point. Source: {@code proc(5)}. */
    private static final int MOUNT_POINT = 4;

    public CgroupMounts {
        unifiedControllers = Set.copyOf(unifiedControllers);
        legacy = Map.copyOf(legacy);
    }

    /** As this process sees them; nothing where there is no such file. */
    public static CgroupMounts ofThisMachine() throws IOException {
        return Files.exists(MOUNTS)
                ? parse(Files.readAllLines(MOUNTS, StandardCharsets.UTF_8))
                : new CgroupMounts(Optional.empty(), Set.of(), Map.of());
    }

    /** Lines of {@code mountinfo}; reads {@code cgroup.controllers} of the unified hierarchy. */
    static CgroupMounts parse(List<String> mountinfo) throws IOException {
        Optional<Path> unified = Optional.empty();
        Map<String, Path> legacy = new TreeMap<>();
        for (String line : mountinfo) {
            int separator = line.indexOf(" - ");
            if (separator < 0) {
                continue;
            }
            String[] fields = line.substring(0, separator).split(" ", -1);
            String[] type = line.substring(separator + 3).split(" ", 3);
            Path at = Path.of(unescaped(fields[MOUNT_POINT]));
            if (type[0].equals("cgroup2") && unified.isEmpty()) {
                unified = Optional.of(at);
            } else if (type[0].equals("cgroup") && type.length == 3) {
                for (String option : type[2].split(",", -1)) {
                    legacy.putIfAbsent(option, at);
                }
            }
        }
        // Options of mounts are among them; nobody asks for a controller of that name.
        return new CgroupMounts(unified, unified.isPresent() ? controllers(unified.get()) : Set.of(), legacy);
    }

    private static Set<String> controllers(Path unified) throws IOException {
        Path file = unified.resolve("cgroup.controllers");
        String text = Files.exists(file) ? Files.readString(file).strip() : "";
        return text.isEmpty() ? Set.of() : Set.of(text.split(" ", -1));
    }

    private static String unescaped(String path) {
        return path.replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\");
    }
}
