using System.Net.Security;

namespace MailPlus.Engine.Net.Connections;

/// <summary>The server's TLS options for a host name from SNI ("" when the client names none). Called for each handshake, so a new certificate serves from the next one on.</summary>
public delegate SslServerAuthenticationOptions TlsOptionsSource(string serverName);
