package io.finback.controlplane.framework;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import io.finback.wire.WireMessage;

/** What a {@link SchedulerCall} is answered with, once what it changes is journaled. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
    @JsonSubTypes.Type(value = CallAnswer.Done.class, name = "done"),
    @JsonSubTypes.Type(value = CallAnswer.Refused.class, name = "refused")
})
public sealed interface CallAnswer extends WireMessage {

    /** Taken; its effects come as events. */
    record Done() implements CallAnswer {}

    /** Nothing was changed. */
    record Refused(Why why, String message) implements CallAnswer {}

    /** Mesos' status codes for a call that cannot be taken. */
    enum Why {
        /** 400: no such framework, no or another stream id, or a call that makes no sense. */
        INVALID,
        /** 403: the framework is not subscribed. */
        NOT_SUBSCRIBED,
        /** 409: the framework is gone meanwhile. */
        CONFLICT
    }
}
