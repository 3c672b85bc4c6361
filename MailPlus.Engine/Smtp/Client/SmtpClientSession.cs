using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace MailPlus.Engine.Smtp.Client;

/// <summary>
/// One session with another server, greeted, under TLS and authenticated as far as <see cref="SmtpPeer"/> asks; carries any number of messages.
/// Used by one caller at a time.
/// </summary>
internal sealed class SmtpClientSession : IAsyncDisposable
{
    private readonly SmtpClientOptions _options;
    private Stream _stream;
    private ReplyReader _replies;

    private SmtpClientSession(SmtpPeer peer, SmtpClientOptions options, Socket socket)
    {
        Peer = peer;
        _options = options;
        _stream = new NetworkStream(socket, ownsSocket: true);
        _replies = new ReplyReader(_stream);
    }

    /// <summary>Whom we talk to.</summary>
    public SmtpPeer Peer { get; }

    /// <summary>What it offers.</summary>
    public SmtpCapabilities Capabilities { get; private set; } = SmtpCapabilities.None;

    /// <summary>The name it gave itself in its EHLO or HELO reply, else in its greeting.</summary>
    public string PeerName { get; private set; } = "";

    /// <summary>True under TLS.</summary>
    public bool IsTls => _stream is SslStream;

    /// <summary>What was wrong with TLS, or that there is none, where that is not held against the server.</summary>
    public TlsFault Noted { get; private set; }

    /// <summary>How the session is protected and by whose word, for people: "TLS 1.3 TLS_AES_256_GCM_SHA384, DANE".</summary>
    public string Protection => _stream is SslStream tls ? $"{VersionOf(tls.SslProtocol)} {tls.NegotiatedCipherSuite}, {ProofText()}" : "no TLS";

    /// <summary>False once the session cannot carry another message.</summary>
    public bool IsUsable { get; private set; } = true;

    internal SmtpClientDeadlines Deadlines => _options.Deadlines;

    /// <summary>Connects and gets ready for MAIL.</summary>
    /// <exception cref="SmtpClientException">There is no session.</exception>
    public static async Task<SmtpClientSession> OpenAsync(SmtpPeer peer, SmtpClientOptions options, CancellationToken cancellationToken)
    {
        var session = new SmtpClientSession(peer, options, await ConnectAsync(peer, options, cancellationToken));
        try
        {
            await session.PrepareAsync(cancellationToken);
            return session;
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }
    }

    /// <summary>Says goodbye without waiting long, and closes.</summary>
    public async Task QuitAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (IsUsable)
            {
                await WriteAsync("QUIT\r\n"u8.ToArray(), Deadlines.Quit, cancellationToken);
                await ReadReplyAsync(Deadlines.Quit, "QUIT", cancellationToken);
            }
        }
        catch (SmtpClientException)
        {
            // The messages are through; how the peer takes the goodbye changes nothing.
        }

        await DisposeAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        IsUsable = false;
        await _stream.DisposeAsync();
    }

    /// <summary>Sends a command and reads its reply.</summary>
    internal async Task<SmtpReply> CommandAsync(string command, TimeSpan deadline, CancellationToken cancellationToken)
    {
        await WriteAsync(Encoding.UTF8.GetBytes(command + "\r\n"), deadline, cancellationToken);
        var space = command.IndexOf(' ', StringComparison.Ordinal);
        return await ReadReplyAsync(deadline, space < 0 ? command : command[..space], cancellationToken);
    }

    /// <summary>Reads a reply; 421 ends the session whatever was asked (RFC 5321 3.8).</summary>
    internal Task<SmtpReply> ReadReplyAsync(TimeSpan deadline, string waitingFor, CancellationToken cancellationToken) =>
        GuardAsync(deadline, waitingFor, async token =>
        {
            var reply = await _replies.ReadAsync(token);
            if (reply.Code == 421)
            {
                IsUsable = false;
            }

            return reply;
        }, cancellationToken);

    internal Task WriteAsync(ReadOnlyMemory<byte> octets, TimeSpan deadline, CancellationToken cancellationToken) =>
        GuardAsync(deadline, "the peer to read", async token =>
        {
            await _stream.WriteAsync(octets, token);
            await _stream.FlushAsync(token);
            return true;
        }, cancellationToken);

    private static async Task<Socket> ConnectAsync(SmtpPeer peer, SmtpClientOptions options, CancellationToken cancellationToken)
    {
        Socket? socket = null;
        using var limit = new CancellationTokenSource(options.Deadlines.Connect, options.Clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            socket = new Socket(peer.Address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(peer.Address, both.Token);
            return socket;
        }
        catch (SocketException error)
        {
            socket?.Dispose();
            throw new SmtpClientException(SmtpClientFailure.Connect, $"connect to {peer}: {Reason(error)}", error);
        }
        catch (OperationCanceledException error)
        {
            socket?.Dispose();
            cancellationToken.ThrowIfCancellationRequested();
            throw new SmtpClientException(SmtpClientFailure.Connect, $"connect to {peer}: connection timed out", error);
        }
    }

    private static string Reason(SocketException error) => error.SocketErrorCode switch
    {
        SocketError.ConnectionRefused => "connection refused",
        SocketError.TimedOut => "connection timed out",
        SocketError.HostUnreachable => "no route to host",
        SocketError.NetworkUnreachable => "network is unreachable",
        SocketError.AddressFamilyNotSupported => "address family not supported",
        SocketError.AccessDenied => "not permitted",
        _ => error.SocketErrorCode.ToString(),
    };

    private async Task PrepareAsync(CancellationToken cancellationToken)
    {
        if (Peer.Tls == SmtpClientTls.Implicit)
        {
            await StartTlsAsync(cancellationToken);
        }

        var greeting = await ReadReplyAsync(Deadlines.Command, "the greeting", cancellationToken);
        if (!greeting.IsPositive)
        {
            throw Refused("greeting", greeting);
        }

        PeerName = FirstWord(greeting);
        await HelloAsync(cancellationToken);
        if (Peer.Tls is SmtpClientTls.Opportunistic or SmtpClientTls.Required && !IsTls)
        {
            await NegotiateTlsAsync(cancellationToken);
        }

        if (Peer.Credential is { } credential)
        {
            await AuthenticateAsync(credential, cancellationToken);
        }
    }

    private async Task HelloAsync(CancellationToken cancellationToken)
    {
        var reply = await CommandAsync($"EHLO {_options.HeloName}", Deadlines.Command, cancellationToken);
        Capabilities = reply.IsPositive ? SmtpCapabilities.Parse(reply) : SmtpCapabilities.None;
        if (reply.IsPermanent)
        {
            // RFC 5321 3.2: an old server answers 5yz, HELO is tried then.
            reply = await CommandAsync($"HELO {_options.HeloName}", Deadlines.Command, cancellationToken);
        }

        if (!reply.IsPositive)
        {
            throw Refused("EHLO", reply);
        }

        if (FirstWord(reply) is { Length: > 0 } name)
        {
            PeerName = name;
        }
    }

    private async Task NegotiateTlsAsync(CancellationToken cancellationToken)
    {
        if (!Capabilities.StartTls)
        {
            if (Peer.Tls == SmtpClientTls.Required)
            {
                throw new SmtpClientException(SmtpClientFailure.Tls, $"{Peer} does not offer STARTTLS{Demander()}") { Fault = TlsFault.StartTlsNotSupported };
            }

            Noted = TlsFault.StartTlsNotSupported;
            return;
        }

        var reply = await CommandAsync("STARTTLS", Deadlines.Command, cancellationToken);
        if (!reply.IsPositive)
        {
            if (Peer.Tls == SmtpClientTls.Required)
            {
                throw new SmtpClientException(SmtpClientFailure.Tls, $"{Peer} refused STARTTLS{Demander()}: {reply}") { Fault = TlsFault.StartTlsNotSupported };
            }

            Noted = TlsFault.StartTlsNotSupported;
            return;
        }

        await StartTlsAsync(cancellationToken);
        await HelloAsync(cancellationToken); // RFC 3207 4.2: what was known in clear text is forgotten
    }

    private async Task StartTlsAsync(CancellationToken cancellationToken)
    {
        if (_replies.HasLeftover)
        {
            // Octets that came in clear text must never count as said under TLS.
            throw new SmtpClientException(SmtpClientFailure.Tls, $"{Peer} sent text before the TLS handshake") { Fault = TlsFault.ValidationFailure };
        }

        var fault = TlsFault.None;
        var tls = new SslStream(_stream, leaveInnerStreamOpen: false, (_, certificate, chain, errors) =>
        {
            fault = Judge(certificate, chain, errors);
            return fault == TlsFault.None || !Peer.Proof.IsEnforced;
        });
        _stream = tls;
        _replies = new ReplyReader(tls);
        await GuardAsync(Deadlines.Handshake, "the TLS handshake", async token =>
        {
            try
            {
                await tls.AuthenticateAsClientAsync(
                    new SslClientAuthenticationOptions
                    {
                        TargetHost = Peer.Proof.ServerName.Length > 0 ? Peer.Proof.ServerName : Peer.Host,
                        CertificateChainPolicy = _options.Trust?.Clone() ?? new X509ChainPolicy { DisableCertificateDownloads = true, RevocationMode = X509RevocationMode.NoCheck },
                    },
                    token);
                Noted = fault;
                return true;
            }
            catch (AuthenticationException error)
            {
                throw fault == TlsFault.None
                    ? new SmtpClientException(SmtpClientFailure.Tls, $"TLS with {Peer}: {error.Message}", error) { Fault = TlsFault.ValidationFailure }
                    : new SmtpClientException(SmtpClientFailure.Tls, $"TLS with {Peer}: {CertificateFaults.Words(fault)}{Demander()}", error) { Fault = fault };
            }
            catch (IOException error) when (error is not SmtpClientException)
            {
                throw new SmtpClientException(SmtpClientFailure.Protocol, $"{Peer}: connection lost in the TLS handshake", error) { Fault = TlsFault.ValidationFailure };
            }
        }, cancellationToken);
    }

    private TlsFault Judge(X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors) => Peer.Proof.Authority switch
    {
        PeerAuthority.None => TlsFault.None,
        PeerAuthority.WebPki => CertificateFaults.Of(errors, chain),
        _ when certificate is X509Certificate2 leaf => new DaneMatch(Peer.Proof.Records, Peer.Proof.Names, _options.Clock).Check(leaf, [.. chain?.ChainPolicy.ExtraStore ?? []]),
        _ => TlsFault.ValidationFailure,
    };

    /// <summary>Who wants it that way, for a reason people read.</summary>
    private string Demander() => Peer.Proof.Policy switch
    {
        TlsPolicyKind.Dane => ", but DANE demands it",
        TlsPolicyKind.MtaSts => ", but MTA-STS demands it",
        _ => "",
    };

    private string ProofText() => Peer.Proof switch
    {
        { Policy: TlsPolicyKind.Dane, Authority: PeerAuthority.None } => "DANE without a usable record",
        { Policy: TlsPolicyKind.Dane } => "DANE",
        { Policy: TlsPolicyKind.MtaSts, IsEnforced: true } => "MTA-STS",
        { Policy: TlsPolicyKind.MtaSts } => "MTA-STS testing",
        { Authority: PeerAuthority.WebPki } => "verified",
        _ => "opportunistic",
    };

    private static string VersionOf(SslProtocols version) => version switch
    {
        SslProtocols.Tls13 => "TLS 1.3",
        SslProtocols.Tls12 => "TLS 1.2",
        _ => version.ToString(),
    };

    private async Task AuthenticateAsync(SmtpCredential credential, CancellationToken cancellationToken)
    {
        if (!IsTls || Peer.Proof is { Authority: PeerAuthority.None } or { IsEnforced: false })
        {
            throw new SmtpClientException(SmtpClientFailure.Authentication, $"the password for {Peer} is sent only under TLS with a verified certificate");
        }

        SmtpReply reply;
        if (Capabilities.Mechanisms.Contains("PLAIN"))
        {
            reply = await CommandAsync($"AUTH PLAIN {Base64($"\0{credential.User}\0{credential.Password}")}", Deadlines.Command, cancellationToken);
        }
        else if (Capabilities.Mechanisms.Contains("LOGIN"))
        {
            reply = await CommandAsync("AUTH LOGIN", Deadlines.Command, cancellationToken);
            reply = reply.Code == 334 ? await CommandAsync(Base64(credential.User), Deadlines.Command, cancellationToken) : reply;
            reply = reply.Code == 334 ? await CommandAsync(Base64(credential.Password), Deadlines.Command, cancellationToken) : reply;
        }
        else
        {
            throw new SmtpClientException(SmtpClientFailure.Authentication, $"{Peer} offers neither AUTH PLAIN nor AUTH LOGIN");
        }

        if (!reply.IsPositive)
        {
            throw new SmtpClientException(SmtpClientFailure.Authentication, $"log-in at {Peer} failed: {reply}") { Reply = reply };
        }
    }

    private SmtpClientException Refused(string command, SmtpReply reply)
    {
        IsUsable = false;
        return new SmtpClientException(SmtpClientFailure.Refused, $"{Peer} refused to talk to me ({command}): {reply}") { Reply = reply };
    }

    private async Task<T> GuardAsync<T>(TimeSpan deadline, string waitingFor, Func<CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(deadline, _options.Clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            return await work(both.Token);
        }
        catch (OperationCanceledException error) when (!cancellationToken.IsCancellationRequested)
        {
            IsUsable = false;
            throw new SmtpClientException(SmtpClientFailure.Timeout, $"{Peer}: timed out waiting for {waitingFor}", error);
        }
        catch (SmtpClientException)
        {
            IsUsable = false;
            throw;
        }
        catch (IOException error)
        {
            IsUsable = false;
            throw new SmtpClientException(SmtpClientFailure.Protocol, $"{Peer}: connection lost while waiting for {waitingFor}", error);
        }
        catch (OperationCanceledException)
        {
            IsUsable = false;
            throw;
        }
    }

    private static string FirstWord(SmtpReply reply) => reply.Lines[0].Split(' ', 2)[0];

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
