using System.Globalization;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using MailPlus.Engine.Settings;
using MailPlus.Engine.Smtp.Server;
using MailPlus.Engine.Tls;
using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.Smtp;

/// <summary>
/// Plays the files of Dialogues/Smtp. First line: <c>role mx|submission|smtps [lab] [proxy] [Name=Value]</c>: proxy makes the peer a trusted one; the last for settings of Smtp. Then <c>C: line</c> (lines that follow each other go out in one write),
/// <c>R: raw octets</c> with \r \n \0 \xHH and nothing added, <c>S: reply</c> where <c>*</c> stands for anything, <c>TLS</c> a handshake, <c>END</c> the server closes,
/// <c>A: sender -> recipients | message</c> with \r \n what was accepted next, <c>F: client helo protocol account</c> where it came from, <c>T: terms</c> what was asked of its way, <c>D: RET ENVID | recipient NOTIFY ORCPT | …</c> what was asked to be told, <c>NONE</c> nothing more was accepted.
/// </summary>
public sealed partial class SmtpDialogueTests
{
    private static readonly TlsCertificate Certificate = SelfSigned.Make("mail.example.test", TimeProvider.System.GetUtcNow());

    private static string Folder => Path.Combine(RepositoryTree.Root, "MailPlus.Tests", "Dialogues", "Smtp");

    public static TheoryData<string> Files => [.. System.IO.Directory.GetFiles(Folder, "*.txt").Select(file => Path.GetFileName(file)!).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Files))]
    public async Task Goes_as_written(string file)
    {
        var lines = await File.ReadAllLinesAsync(Path.Combine(Folder, file));
        var head = lines[0].Split(' ');
        using var bench = new SmtpBench(lab: head.Contains("lab"));
        foreach (var setting in head.Where(word => word.Contains('=')).Select(word => word.Split('=', 2)))
        {
            bench.Settings.Set(new SettingsCatalog().Write(bench.Settings.Current, $"Smtp.{setting[0]}", setting[1]));
        }

        if (head.Contains("proxy"))
        {
            bench.Settings.Set(bench.Settings.Current with { Security = new() { TrustedProxies = ["192.0.2.0/30"] } });
        }

        await using var ends = new MemoryConnection(_ => Certificate.Options, remote: head.Contains("lab") ? IPAddress.Loopback : null);
        var role = head[1] switch { "submission" => SmtpRole.Submission, "smtps" => SmtpRole.Smtps, _ => SmtpRole.Mx };
        var served = ServeAsync(ends, new SmtpHandler(role, bench.Door), implicitTls: role == SmtpRole.Smtps);
        if (role == SmtpRole.Smtps)
        {
            await ends.StartTlsAsync();
        }

        var pending = new StringBuilder();
        for (var i = 1; i < lines.Length; i++)
        {
            var line = lines[i];
            if (line.StartsWith("C: ") || line == "C:")
            {
                pending.Append(Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(line.Length > 3 ? line[3..] : ""))).Append("\r\n");
                continue;
            }

            if (line.StartsWith("R: "))
            {
                pending.Append(Unescape(line[3..]));
                continue;
            }

            if (pending.Length > 0)
            {
                await ends.SendAsync(pending.ToString());
                pending.Clear();
            }

            await PlayAsync(line, $"{file}:{i + 1}", ends, bench);
        }

        await ends.DisposeAsync();
        await served;
        Assert.Equal(0, bench.SpoolFiles);
    }

    private static async Task PlayAsync(string line, string place, MemoryConnection ends, SmtpBench bench)
    {
        if (line.StartsWith("S: "))
        {
            var said = await ends.ReadLineAsync();
            Assert.True(said is not null && Matches(line[3..], said), $"{place}: expected {line[3..]}, got {said ?? "the end"}");
        }
        else if (line.StartsWith("A: "))
        {
            Assert.True(bench.Acceptance.Accepted.TryDequeue(out var message), $"{place}: nothing was accepted");
            var shown = $"{message.Envelope.ReversePath} -> {string.Join(",", message.Envelope.Recipients.Select(r => r.Address))} | {message.Text}";
            Assert.Equal(Unescape(line[3..]), shown);
        }
        else if (line.StartsWith("T: "))
        {
            var terms = bench.Acceptance.Last!.Envelope.Terms;
            Assert.Equal(line[3..], $"{(terms.HoldUntil is null ? "at once" : "held")} {terms.Mode}{(terms.Traces ? " traced" : "")} {terms.Priority}{(terms.RequiresTls ? " TLS" : "")}");
        }
        else if (line.StartsWith("D: "))
        {
            var envelope = bench.Acceptance.Last!.Envelope;
            Assert.Equal(line[3..], string.Join(" | ", [$"{envelope.Return} {envelope.EnvelopeId ?? "-"}", .. envelope.Recipients.Select(r => $"{r.Address} {r.Notify} {r.OriginalRecipient ?? "-"}")]));
        }
        else if (line.StartsWith("F: "))
        {
            var source = bench.Acceptance.Last!.Source;
            Assert.Equal(line[3..], $"{source.Client} {source.Helo} {source.Protocol} {source.Actor?.Name ?? "-"}");
        }
        else if (line == "TLS")
        {
            await ends.StartTlsAsync();
        }
        else if (line == "NONE")
        {
            Assert.True(bench.Acceptance.Accepted.IsEmpty, $"{place}: something was accepted");
        }
        else if (line == "END")
        {
            var said = await ends.ReadLineAsync();
            Assert.True(said is null, $"{place}: expected the end, got {said}");
        }
        else
        {
            Assert.True(line.Length == 0 || line.StartsWith('#'), $"{place}: {line}?");
        }
    }

    private static bool Matches(string pattern, string line) => Regex.IsMatch(line, "^" + Regex.Escape(pattern).Replace(@"\*", ".*") + "$");

    private static string Unescape(string text) => Escapes().Replace(text, m => m.Value[1] switch
    {
        'r' => "\r",
        'n' => "\n",
        '0' => "\0",
        'x' => ((char)int.Parse(m.Value[2..], NumberStyles.HexNumber)).ToString(),
        _ => "\\",
    });

    private static async Task ServeAsync(MemoryConnection ends, SmtpHandler handler, bool implicitTls)
    {
        try
        {
            if (implicitTls)
            {
                await ends.Server.StartTlsAsync(default);
            }

            await handler.ServeAsync(ends.Server, ends.Server.Aborted);
        }
        catch (Exception failure) when (failure is IOException or OperationCanceledException)
        {
            // the test hung up
        }
        finally
        {
            await ends.Server.DisposeAsync();
        }
    }

    [GeneratedRegex(@"\\(r|n|0|x[0-9a-fA-F]{2}|\\)")]
    private static partial Regex Escapes();
}
