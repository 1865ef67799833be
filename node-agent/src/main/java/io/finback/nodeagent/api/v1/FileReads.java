package io.finback.nodeagent.api.v1;

import com.google.protobuf.ByteString;
import io.finback.nodeagent.files.FileFailure;
import io.finback.nodeagent.files.FileSpace;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.apache.mesos.v1.Protos;
import org.apache.mesos.v1.agent.Protos.Call;
import org.apache.mesos.v1.agent.Protos.Response;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** LIST_FILES and READ_FILE: what {@code /files/browse} and {@code /files/read} show. Blocks on the disk. */
final class FileReads {
    private static final Logger log = LoggerFactory.getLogger(FileReads.class);

    private final FileSpace files;

    FileReads(FileSpace files) {
        this.files = files;
    }

    Response list(Call.ListFiles call) {
        Response.ListFiles.Builder list = Response.ListFiles.newBuilder();
        read(call.getPath(), () -> files.browse(call.getPath())).forEach(entry -> list.addFileInfos(info(entry)));
        return Response.newBuilder()
                .setType(Response.Type.LIST_FILES)
                .setListFiles(list)
                .build();
    }

    Response read(Call.ReadFile call) {
        long length = call.hasLength() ? call.getLength() : -1;
        if (call.getOffset() < 0 || (call.hasLength() && length < 0)) {
            throw new ApiFailure(
                    400,
                    "read_file: offset " + call.getOffset() + ", length " + length
                            + " (expected: at most 2^63-1 each)");
        }
        FileSpace.Part part = read(call.getPath(), () -> files.bytes(call.getPath(), call.getOffset(), length));
        return Response.newBuilder()
                .setType(Response.Type.READ_FILE)
                .setReadFile(
                        Response.ReadFile.newBuilder().setSize(part.size()).setData(ByteString.copyFrom(part.bytes())))
                .build();
    }

    private interface Work<T> {
        T run() throws FileFailure, IOException;
    }

    private static <T> T read(String path, Work<T> work) {
        try {
            return work.run();
        } catch (FileFailure e) {
            throw new ApiFailure(e.status(), String.valueOf(e.getMessage()));
        } catch (IOException e) {
            log.warn("files.failed path={} reason={}", path, e.toString());
            throw new ApiFailure(500, "The file cannot be read.");
        }
    }

    private static Protos.FileInfo info(FileSpace.Entry entry) {
        return Protos.FileInfo.newBuilder()
                .setPath(entry.path())
                .setNlink(entry.nlink())
                .setSize(entry.size())
                .setMtime(Protos.TimeInfo.newBuilder()
                        .setNanoseconds(entry.mtime().to(TimeUnit.NANOSECONDS)))
                .setMode(entry.bits())
                .setUid(entry.uid())
                .setGid(entry.gid())
                .build();
    }
}
