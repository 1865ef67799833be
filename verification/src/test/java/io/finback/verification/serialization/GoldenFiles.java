package io.finback.verification.serialization;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.cbor.databind.CBORMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What released versions have written: {@code <directory>/<version>/<manifest>.<number>.cbor}, exactly the bytes in the journal. How to
 * add some is in the README beside them.
 */
record GoldenFiles(Path directory, Wire wire) {
    private static final ObjectMapper CBOR = new CBORMapper();

    List<Path> all() throws IOException {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> files = Files.walk(directory)) {
            return files.filter(file -> file.toString().endsWith(".cbor"))
                    .sorted()
                    .toList();
        }
    }

    static String manifest(Path file) {
        return file.getFileName().toString().replaceFirst("\\.\\d+\\.cbor$", "");
    }

    /** Those of {@code types} that no version has a file for. */
    Set<String> missing(List<Class<?>> types) throws IOException {
        Set<String> known = all().stream().map(GoldenFiles::manifest).collect(Collectors.toSet());
        return types.stream()
                .map(Class::getName)
                .filter(name -> !known.contains(name))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** Writes every example of {@code type}, as this version does, under {@code version}. */
    void write(Class<?> type, String version) throws IOException {
        Path target = Files.createDirectories(directory.resolve(version));
        int number = 0;
        for (Object example : wire.examples().of(type)) {
            Files.write(target.resolve(wire.manifest(example) + "." + number++ + ".cbor"), wire.write(example));
        }
    }

    /** What this version loses of {@code file}: empty when it reads the value and would write all of it again. */
    Set<String> lost(Path file) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        Object value = wire.read(bytes, manifest(file));
        Set<String> lost = new TreeSet<>();
        compare(CBOR.readTree(bytes), CBOR.readTree(wire.write(value)), "", lost);
        return lost;
    }

    /** New fields may come; one that is gone was renamed or dropped, and Jackson says nothing of it. */
    private static void compare(JsonNode before, JsonNode after, String path, Set<String> lost) {
        if (before.isObject() && after.isObject()) {
            for (Map.Entry<String, JsonNode> field : before.properties()) {
                compare(field.getValue(), after.path(field.getKey()), path + "/" + field.getKey(), lost);
            }
        } else if (before.isArray() && after.size() == before.size()) {
            for (int i = 0; i < before.size(); i++) {
                compare(before.get(i), after.get(i), path + "/" + i, lost);
            }
        } else if (!before.equals(after)) {
            lost.add(path + ": " + before + " became " + (after.isMissingNode() ? "nothing" : after));
        }
    }
}
