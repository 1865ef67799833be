package io.finback.controlplane.mesosapi;

import com.fasterxml.jackson.core.JsonGenerator;
import io.finback.resources.Disk;
import io.finback.resources.Kind;
import io.finback.resources.Ranges;
import io.finback.resources.Reservation;
import io.finback.resources.Resources;
import io.finback.resources.Special;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;

/**
 * Resources one by one, each with its role, as Mesos' {@code *_resources_full}: the old form ({@code role}, {@code reservation}) and
 * the newer one ({@code reservations}) together, wherever the old one can say it.
 */
final class ResourceJson {
    private ResourceJson() {}

    static void write(Resources resources, JsonGenerator to) throws IOException {
        to.writeStartArray();
        writePlain(Kind.PLAIN, resources.plain(), to);
        for (Special special : resources.special()) {
            writePlain(special.kind(), special.amount(), to);
        }
        to.writeEndArray();
    }

    private static void writePlain(Kind kind, Resources amount, JsonGenerator to) throws IOException {
        for (String name : amount.milli().keySet()) {
            start(name, "SCALAR", to);
            to.writeObjectFieldStart("scalar");
            to.writeNumberField("value", amount.scalar(name));
            to.writeEndObject();
            end(kind, to);
        }
        for (Map.Entry<String, Ranges> entry : amount.ranges().entrySet()) {
            start(entry.getKey(), "RANGES", to);
            to.writeObjectFieldStart("ranges");
            to.writeArrayFieldStart("range");
            for (Ranges.Range range : entry.getValue().ranges()) {
                to.writeStartObject();
                to.writeNumberField("begin", range.begin());
                to.writeNumberField("end", range.end());
                to.writeEndObject();
            }
            to.writeEndArray();
            to.writeEndObject();
            end(kind, to);
        }
        for (Map.Entry<String, SortedSet<String>> entry : amount.sets().entrySet()) {
            start(entry.getKey(), "SET", to);
            to.writeObjectFieldStart("set");
            to.writeArrayFieldStart("item");
            for (String item : entry.getValue()) {
                to.writeString(item);
            }
            to.writeEndArray();
            to.writeEndObject();
            end(kind, to);
        }
    }

    private static void start(String name, String type, JsonGenerator to) throws IOException {
        to.writeStartObject();
        to.writeStringField("name", name);
        to.writeStringField("type", type);
    }

    private static void end(Kind kind, JsonGenerator to) throws IOException {
        List<Reservation> reservations = kind.reservations();
        if (reservations.size() <= 1) {
            to.writeStringField("role", kind.reservedTo().orElse("*"));
        }
        if (reservations.size() == 1 && reservations.get(0).dynamic()) {
            to.writeObjectFieldStart("reservation");
            writeOwner(reservations.get(0), to);
            to.writeEndObject();
        }
        if (!reservations.isEmpty()) {
            to.writeArrayFieldStart("reservations");
            for (Reservation reservation : reservations) {
                to.writeStartObject();
                to.writeStringField("type", reservation.dynamic() ? "DYNAMIC" : "STATIC");
                to.writeStringField("role", reservation.role());
                writeOwner(reservation, to);
                to.writeEndObject();
            }
            to.writeEndArray();
        }
        if (kind.disk().isPresent()) {
            writeDisk(kind.disk().get(), to);
        }
        if (kind.revocable()) {
            to.writeObjectFieldStart("revocable");
            to.writeEndObject();
        }
        if (kind.shared()) {
            to.writeObjectFieldStart("shared");
            to.writeEndObject();
        }
        to.writeEndObject();
    }

    private static void writeOwner(Reservation reservation, JsonGenerator to) throws IOException {
        writeIfPresent("principal", reservation.principal(), to);
        if (!reservation.labels().isEmpty()) {
            to.writeObjectFieldStart("labels");
            TaskJson.writeLabels(reservation.labels(), to);
            to.writeEndObject();
        }
    }

    private static void writeDisk(Disk disk, JsonGenerator to) throws IOException {
        to.writeObjectFieldStart("disk");
        if (disk.persistence().isPresent()) {
            to.writeObjectFieldStart("persistence");
            to.writeStringField("id", disk.persistence().get().id());
            writeIfPresent("principal", disk.persistence().get().principal(), to);
            to.writeEndObject();
        }
        if (disk.volume().isPresent()) {
            Disk.Mount mount = disk.volume().get();
            to.writeObjectFieldStart("volume");
            to.writeStringField("mode", mount.readOnly() ? "RO" : "RW");
            to.writeStringField("container_path", mount.containerPath());
            writeIfPresent("host_path", mount.hostPath(), to);
            to.writeEndObject();
        }
        if (disk.source().isPresent()) {
            writeSource(disk.source().get(), to);
        }
        to.writeEndObject();
    }

    private static void writeSource(Disk.Source source, JsonGenerator to) throws IOException {
        to.writeObjectFieldStart("source");
        to.writeStringField("type", source.type().name());
        if (source.root().isPresent()) {
            to.writeObjectFieldStart(source.type() == Disk.SourceType.MOUNT ? "mount" : "path");
            to.writeStringField("root", source.root().get());
            to.writeEndObject();
        }
        writeIfPresent("vendor", source.vendor(), to);
        writeIfPresent("id", source.id(), to);
        writeIfPresent("profile", source.profile(), to);
        to.writeEndObject();
    }

    static void writeIfPresent(String name, Optional<String> value, JsonGenerator to) throws IOException {
        if (value.isPresent()) {
            to.writeStringField(name, value.get());
        }
    }
}
