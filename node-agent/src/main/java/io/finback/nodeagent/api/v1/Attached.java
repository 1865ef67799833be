package io.finback.nodeagent.api.v1;

import com.google.protobuf.ByteString;
import io.finback.tasks.ContainerInfo.Tty;
import java.io.IOException;

/** What somebody far away writes to. May block. */
interface Attached {
    /** Writes it; an empty text says that there is no more. */
    void type(ByteString text) throws IOException;

    /** False when it has no terminal. */
    boolean resize(Tty size) throws IOException;
}
