using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using MailPlus.Tests.Support;

namespace MailPlus.Tests.Peers;

/// <summary>A program in a terminal of its own: what it shows is waited for, keys are typed. The terminal is made by script (util-linux).</summary>
internal sealed partial class PeerTerminal : IAsyncDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _shown = new();
    private readonly Lock _gate = new();
    private readonly Task _reading;
    private int _at;

    private PeerTerminal(string command)
    {
        var start = new ProcessStartInfo("script")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            StandardOutputEncoding = Encoding.UTF8,
        };
        foreach (var argument in new[] { "-qfec", $"stty rows 40 cols 120; {command}", "/dev/null" })
        {
            start.ArgumentList.Add(argument);
        }

        _process = Process.Start(start) ?? throw new InvalidOperationException("script did not start");
        _reading = ReadAsync();
    }

    public static PeerTerminal Start(string command) => new(command);

    /// <summary>Waits until a text is shown, after what was waited for before. Words as the program sent them: what stood there already is not sent again.</summary>
    public Task SeeAsync(string text) => Eventually.TrueAsync(
        () =>
        {
            var shown = Shown();
            var found = shown.IndexOf(text, Math.Min(_at, shown.Length), StringComparison.Ordinal);
            _at = found < 0 ? _at : found + text.Length;
            return Task.FromResult(found >= 0);
        },
        () => $"the terminal shows '{text}'; it shows\n{Shown()[Math.Min(_at, Shown().Length)..]}");

    public async Task TypeAsync(string keys)
    {
        await _process.StandardInput.WriteAsync(keys);
        await _process.StandardInput.FlushAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        await _process.WaitForExitAsync();
        await _reading;
        _process.Dispose();
    }

    private async Task ReadAsync()
    {
        var characters = new char[4096];
        int read;
        while ((read = await _process.StandardOutput.ReadAsync(characters)) > 0)
        {
            lock (_gate)
            {
                _shown.Append(characters, 0, read);
            }
        }
    }

    /// <summary>All that was shown, without the sequences that move and colour. Half a sequence at the end is left for later.</summary>
    private string Shown()
    {
        lock (_gate)
        {
            return Control().Replace(_shown.ToString(), "");
        }
    }

    [GeneratedRegex(@"\x1b(\[[0-9;?]*[A-Za-z]|[()][A-Z0-9]|[=>78]|(\[[0-9;?]*)?$)|\x00", RegexOptions.CultureInvariant, 5000)]
    private static partial Regex Control();
}
