using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace MailPlus.Engine.Database.Migrations.Sqlite.SystemTables
{
    /// <inheritdoc />
    public partial class Aliases : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<long>(
                name: "CatchAllAccountId",
                table: "domains",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.CreateTable(
                name: "additional_domains",
                columns: table => new
                {
                    Id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    DomainId = table.Column<long>(type: "INTEGER", nullable: false),
                    Name = table.Column<string>(type: "TEXT", maxLength: 255, nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_additional_domains", x => x.Id);
                    table.ForeignKey(
                        name: "FK_additional_domains_domains_DomainId",
                        column: x => x.DomainId,
                        principalTable: "domains",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "aliases",
                columns: table => new
                {
                    Id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    DomainId = table.Column<long>(type: "INTEGER", nullable: false),
                    LocalPart = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    AddressKey = table.Column<string>(type: "TEXT", maxLength: 320, nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_aliases", x => x.Id);
                    table.ForeignKey(
                        name: "FK_aliases_domains_DomainId",
                        column: x => x.DomainId,
                        principalTable: "domains",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "alias_members",
                columns: table => new
                {
                    Id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    AliasId = table.Column<long>(type: "INTEGER", nullable: false),
                    AccountId = table.Column<long>(type: "INTEGER", nullable: true),
                    TargetId = table.Column<long>(type: "INTEGER", nullable: true),
                    Address = table.Column<string>(type: "TEXT", maxLength: 320, nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_alias_members", x => x.Id);
                    table.ForeignKey(
                        name: "FK_alias_members_accounts_AccountId",
                        column: x => x.AccountId,
                        principalTable: "accounts",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                    table.ForeignKey(
                        name: "FK_alias_members_aliases_AliasId",
                        column: x => x.AliasId,
                        principalTable: "aliases",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                    table.ForeignKey(
                        name: "FK_alias_members_aliases_TargetId",
                        column: x => x.TargetId,
                        principalTable: "aliases",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "IX_additional_domains_DomainId",
                table: "additional_domains",
                column: "DomainId");

            migrationBuilder.CreateIndex(
                name: "IX_additional_domains_Name",
                table: "additional_domains",
                column: "Name",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_alias_members_AccountId",
                table: "alias_members",
                column: "AccountId");

            migrationBuilder.CreateIndex(
                name: "IX_alias_members_AliasId",
                table: "alias_members",
                column: "AliasId");

            migrationBuilder.CreateIndex(
                name: "IX_alias_members_TargetId",
                table: "alias_members",
                column: "TargetId");

            migrationBuilder.CreateIndex(
                name: "IX_aliases_AddressKey",
                table: "aliases",
                column: "AddressKey",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_aliases_DomainId",
                table: "aliases",
                column: "DomainId");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "additional_domains");

            migrationBuilder.DropTable(
                name: "alias_members");

            migrationBuilder.DropTable(
                name: "aliases");

            migrationBuilder.DropColumn(
                name: "CatchAllAccountId",
                table: "domains");
        }
    }
}
