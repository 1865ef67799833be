package io.finback.nodeagent.checkpoint;

import com.fasterxml.jackson.annotation.JsonAutoDetect;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.annotation.PropertyAccessor;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import io.finback.nodeagent.task.AgentTask;
import io.finback.nodeagent.task.ContainerRef;
import io.finback.nodeagent.task.EngineRef;
import io.finback.nodeagent.task.ProcessRef;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * The form of a task on disk: JSON, so that a person can read what an agent knew.
 *
 * @param version of the form; a reader refuses one it does not know instead of guessing
 */
record TaskFile(int version, @Nullable AgentTask task) {
    private static final int VERSION = 1;

    static final ObjectMapper MAPPER = JsonMapper.builder()
            .addModules(new Jdk8Module(), new JavaTimeModule())
            .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS, SerializationFeature.WRITE_DURATIONS_AS_TIMESTAMPS)
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            // The components of records alone: isEnded() and the like are no data.
            .visibility(PropertyAccessor.GETTER, JsonAutoDetect.Visibility.NONE)
            .visibility(PropertyAccessor.IS_GETTER, JsonAutoDetect.Visibility.NONE)
            .visibility(PropertyAccessor.FIELD, JsonAutoDetect.Visibility.ANY)
            .addMixIn(ContainerRef.class, ContainerKinds.class)
            .build();

    /** Files from before there were kinds know processes alone. */
    @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "kind", defaultImpl = ProcessRef.class)
    @JsonSubTypes({
        @JsonSubTypes.Type(value = ProcessRef.class, name = "process"),
        @JsonSubTypes.Type(value = EngineRef.class, name = "engine")
    })
    private interface ContainerKinds {}

    static byte[] encode(AgentTask task) {
        try {
            return MAPPER.writeValueAsBytes(new TaskFile(VERSION, task));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a task that cannot be written as JSON: " + task.key(), e);
        }
    }

    /** Throws when the bytes are torn, of another version, or say something impossible. */
    static AgentTask decode(byte[] bytes) throws IOException {
        try {
            TaskFile file = MAPPER.readValue(bytes, TaskFile.class);
            if (file.version() != VERSION) {
                throw new IOException("version: " + file.version() + " (expected: " + VERSION + ")");
            }
            if (file.task() == null) {
                throw new IOException("task: missing (expected: a task)");
            }
            return file.task();
        } catch (JsonProcessingException e) {
            // Without the place in the source, which spans lines.
            throw new IOException(e.getOriginalMessage(), e);
        }
    }
}
