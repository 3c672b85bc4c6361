using System.Net.Sockets;
using System.Text.Json;
using MailPlus.Engine.Database;
using MailPlus.Engine.Hosting;

namespace MailPlus.Web.CommandLine;

/// <summary>
/// The owner-only socket through which verbs reach the running server: one JSON request, end of sending, one JSON response. Whoever may open it is the operator.
/// </summary>
internal sealed partial class ControlSocket(EngineWiring engine, ILogger<ControlSocket> log) : IAsyncDisposable
{
    private const int LongestRequest = 1 << 20;
    private static readonly TimeSpan RequestDeadline = TimeSpan.FromSeconds(10);

    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly CancellationTokenSource _stopping = new();
    private Task _accepting = Task.CompletedTask;

    /// <summary>Listens; an old socket file is one that a killed process left, for this process holds the data-folder lock.</summary>
    internal void Start()
    {
        var fileName = ControlAddress.FileName(engine.Run.DataFolder);
        File.Delete(fileName);
        var folder = Path.GetDirectoryName(fileName)!;
        DurableFiles.CreateFolder(folder); // owner-only

        _listener.Bind(ControlAddress.EndPoint(engine.Run.DataFolder));
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(fileName, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        _listener.Listen();
        _accepting = AcceptAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Dispose();
        await _accepting;
        File.Delete(ControlAddress.FileName(engine.Run.DataFolder));
        _stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                var connection = await _listener.AcceptAsync(_stopping.Token);
                _ = ServeAsync(connection);
            }
            catch (Exception ended) when (ended is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException failure)
            {
                LogFailed(failure);
            }
        }
    }

    private async Task ServeAsync(Socket connection)
    {
        try
        {
            await using var stream = new NetworkStream(connection, ownsSocket: true);
            var request = await ReadAsync(stream);
            var response = await request.RunAsync(engine, _stopping.Token);
            await JsonSerializer.SerializeAsync(stream, response, cancellationToken: _stopping.Token);
        }
        catch (Exception failure)
        {
            // The door of the operator: a bug in a verb ends only this verb.
            LogFailed(failure);
        }
    }

    private static async Task<VerbRequest> ReadAsync(NetworkStream stream)
    {
        using var deadline = new CancellationTokenSource(RequestDeadline);
        var octets = new MemoryStream();
        var buffer = new byte[8192];
        for (int read; (read = await stream.ReadAsync(buffer, deadline.Token)) > 0;)
        {
            octets.Write(buffer, 0, read);
            if (octets.Length > LongestRequest)
            {
                throw new InvalidDataException("the request is too long");
            }
        }

        return JsonSerializer.Deserialize<VerbRequest>(octets.GetBuffer().AsSpan(0, (int)octets.Length)) ?? throw new InvalidDataException("the request is empty");
    }

    [LoggerMessage(EventId = 9101, Level = LogLevel.Error, Message = "a request on the control socket failed")]
    private partial void LogFailed(Exception failure);
}
